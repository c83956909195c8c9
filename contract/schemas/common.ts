import { Type, type Static } from "typebox";

export const IdSchema = Type.String({ format: "uuid", description: "UUID, lower case" });

/** Money in responses: decimal text in major units. */
export const MoneySchema = Type.Object(
  { amount: Type.String({ examples: ["12500.00"] }), currency: Type.String({ examples: ["IDR"] }) },
  { description: "Decimal text in major units, and the ISO 4217 code" },
);
export type MoneyBody = Static<typeof MoneySchema>;

/** Money in requests: an exact JSON number is also accepted. `checkedToMoney` checks the value. */
export const MoneyInSchema = Type.Object(
  {
    amount: Type.Union([Type.String({ maxLength: 40 }), Type.Number()]),
    currency: Type.String({ maxLength: 8 }),
  },
  { additionalProperties: false },
);

export const TimeSchema = Type.String({ format: "date-time" });

/** A text that is not only white space. */
export const NOT_BLANK = "^[\\s\\S]*\\S[\\s\\S]*$";

/**
 * A text without control characters, which banks refuse. The pattern works in other regular expression
 * engines too.
 */
export const WRITABLE = "^[^\\x00-\\x1f\\x7f-\\x9f]*$";

/**
 * The format of a text without lone surrogates, which databases refuse and which not every pattern dialect
 * can exclude.
 */
export const WELL_FORMED = "well-formed";

/** The schema or `null`. */
export function Nullable<T extends Parameters<typeof Type.Union>[0][number]>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: "Stable; see the table of refusals" }),
    detail: Type.Object({ id: Type.String(), en: Type.String() }),
    retry: Type.Union([Type.Literal("no"), Type.Literal("later"), Type.Literal("corrected")]),
    params: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
    request_id: Type.Optional(Type.String()),
  },
  { $id: "Problem", description: "RFC 9457 problem details" },
);
