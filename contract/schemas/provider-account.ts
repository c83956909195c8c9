import { Type, type Static } from "typebox";
import { IdSchema, TimeSchema } from "./common.ts";

/** Long enough that its last characters reveal nothing about the rest. */
const Secret = Type.String({ minLength: 12, maxLength: 300, pattern: "^[\\x21-\\x7e]+$" });
const Name = Type.String({ pattern: "^[A-Za-z0-9._-]{1,64}$" });

const Pem = Type.String({
  minLength: 100,
  maxLength: 10_000,
  pattern: "^[\\x20-\\x7e\\r\\n]+$",
  description: "an RSA key of 2048 bits or more, as PEM",
});

/** The credentials of a merchant's own account at each provider. */
export const credentialSchemas = {
  tripay: Type.Object(
    { merchant_code: Name, api_key: Secret, private_key: Secret },
    { additionalProperties: false },
  ),
  midtrans: Type.Object({ merchant_id: Name, server_key: Secret }, { additionalProperties: false }),
  xendit: Type.Object(
    { business_id: Name, secret_key: Secret, callback_token: Secret },
    { additionalProperties: false },
  ),
  snap: Type.Object(
    {
      url: Type.String({ maxLength: 300, description: "the bank's URL; a path in it is not signed" }),
      path_prefix: Type.Optional(
        Type.String({
          maxLength: 100,
          pattern: "^(/[A-Za-z0-9._-]+)+$",
          description: "the signed path prefix before /v1.0/",
        }),
      ),
      signature: Type.Enum(["symmetric", "asymmetric"], {
        description: "symmetric needs client_key and client_secret, asymmetric provider_public_key",
      }),
      client_key: Type.Optional(Name),
      client_secret: Type.Optional(Secret),
      private_key: Pem,
      provider_public_key: Type.Optional(Pem),
      partner_id: Type.String({ pattern: "^[A-Za-z0-9._-]{1,36}$" }),
      channel_id: Type.String({ pattern: "^[0-9]{5}$" }),
      merchant_id: Name,
      external_id_digits: Type.Optional(Type.Integer({ minimum: 9, maximum: 36 })),
      freshness_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
      discount_basis_points: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    },
    { additionalProperties: false },
  ),
} as const;

type Schemas = typeof credentialSchemas;
export type OwnProvider = keyof Schemas;
export type Credentials = {
  [P in OwnProvider]: { readonly provider: P } & Readonly<Static<Schemas[P]>>;
}[OwnProvider];

/** `PUT /api/v1/provider-accounts/:provider`. */
export const newAccountSchema = <P extends OwnProvider>(provider: P) =>
  Type.Object(
    {
      credentials: credentialSchemas[provider],
      verify: Type.Optional(
        Type.Boolean({
          description: "check the credentials at the provider first, and save them only if it accepts them",
        }),
      ),
    },
    { additionalProperties: false },
  );

const account = {
  id: IdSchema,
  provider: Type.String({ examples: ["tripay"] }),
  holder: Type.String({ description: "the provider's name for the merchant" }),
  hint: Type.String({ description: "the last four characters of the key used in calls" }),
  state: Type.Enum(["active", "off"], {
    description: "off: no new payments; open ones are still inquired and their notifications accepted",
  }),
  version: Type.Integer({ description: "increases with each change of the credentials" }),
  callback_url: Type.String({ description: "where the provider sends its notifications" }),
  created_by: Type.String(),
  created_at: TimeSchema,
  changed_by: Type.String(),
  changed_at: TimeSchema,
};
export const ProviderAccountSchema = Type.Object(account);
export type ProviderAccountBody = Static<typeof ProviderAccountSchema>;
/** The answer to `PUT`. */
export const SavedAccountSchema = Type.Object({
  ...account,
  verified: Type.Boolean({ description: "whether the provider accepted the credentials" }),
});
export type SavedAccountBody = Static<typeof SavedAccountSchema>;
