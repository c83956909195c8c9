import { Type, type Static } from "typebox";

export const IdSchema = Type.String({ format: "uuid", description: "UUID, lower case" });

/** Money going out: decimal text in major units. */
export const MoneySchema = Type.Object(
  { amount: Type.String({ examples: ["12500.00"] }), currency: Type.String({ examples: ["IDR"] }) },
  { description: "Decimal text in major units, and the ISO 4217 code" },
);
export type MoneyBody = Static<typeof MoneySchema>;

/** Money coming in: a JSON number is taken where it is exact. What it means is checked by the money module. */
export const MoneyInSchema = Type.Object(
  {
    amount: Type.Union([Type.String({ maxLength: 40 }), Type.Number()]),
    currency: Type.String({ maxLength: 8 }),
  },
  { additionalProperties: false },
);

export const TimeSchema = Type.String({ format: "date-time" });

/** Something besides white space. */
export const NOT_BLANK = "^[\\s\\S]*\\S[\\s\\S]*$";

/** No control characters: no bank takes them. Written so that other regular expression engines read it too. */
export const WRITABLE = "^[^\\x00-\\x1f\\x7f-\\x9f]*$";

/** The format of a text without halves of a surrogate pair, which no database takes and which no pattern can name everywhere. */
export const WELL_FORMED = "well-formed";

/** `null` or the schema. */
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
