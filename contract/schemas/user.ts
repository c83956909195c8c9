import { Type, type Static } from "typebox";
import { IdSchema, TimeSchema } from "./common.ts";

const Username = Type.String({
  maxLength: 320,
  examples: ["andi.contoh"],
  description: "3 to 50 letters, digits, `.`, `_` or `-`, beginning with a letter; case is ignored",
});
const Email = Type.String({ maxLength: 320, examples: ["andi@contoh.invalid"] });
const Phone = Type.String({
  maxLength: 320,
  examples: ["+6281200000001"],
  description: "`08…` and `62…` become `+62…`; a number of another country begins with `+`",
});
const Password = Type.String({ description: "8 to 128 characters, not one that is easily guessed" });
const Code = Type.String({ maxLength: 20, description: "six digits from the authenticator app" });

/** `POST /api/auth/register`. */
export const RegisterSchema = Type.Object(
  { username: Username, email: Email, phone: Phone, password: Password },
  { additionalProperties: false },
);
export const RegisteredSchema = Type.Object({ id: IdSchema, username: Type.String() });

/** `POST /api/auth/login`. */
export const LoginSchema = Type.Object(
  {
    username: Type.String({ maxLength: 320, description: "username, e-mail address or telephone number" }),
    password: Type.String(),
    totp: Type.Optional(Code),
  },
  { additionalProperties: false },
);

const RefreshToken = Type.String({ maxLength: 200 });
const refreshToken = {
  refresh_token: Type.Optional(RefreshToken),
  refreshToken: Type.Optional(
    Type.String({ maxLength: 200, description: "`refresh_token` as older clients spell it" }),
  ),
};

/** `PUT /api/auth/refresh`: the token in either spelling. */
export const RefreshSchema = Type.Object(refreshToken, { additionalProperties: false, minProperties: 1 });

/** `DELETE /api/auth/logout`: without a refresh token it ends the session of the access token. */
export const LogoutSchema = Type.Object(refreshToken, { additionalProperties: false });

export const TokensSchema = Type.Object({
  access_token: Type.String({ description: "JWT; send as `Authorization: Bearer …`" }),
  refresh_token: Type.String({ description: "works once; the response contains the next one" }),
  token_type: Type.Literal("Bearer"),
  expires_in: Type.Integer({ description: "lifetime of the access token in seconds" }),
});
export type TokensBody = Static<typeof TokensSchema>;

export const ProfileSchema = Type.Object({
  id: IdSchema,
  username: Type.String(),
  email: Type.String(),
  phone: Type.String({ description: "E.164" }),
  totp: Type.Boolean({ description: "whether signing in needs a code" }),
  created_at: TimeSchema,
  updated_at: TimeSchema,
});
export type ProfileBody = Static<typeof ProfileSchema>;

/** `PATCH /api/auth/profile`. */
export const ProfileChangeSchema = Type.Object(
  { username: Type.Optional(Username), email: Type.Optional(Email), phone: Type.Optional(Phone) },
  { additionalProperties: false, minProperties: 1 },
);

/** `GET /api/auth/sessions`. */
export const UserSessionsSchema = Type.Object({
  sessions: Type.Array(
    Type.Object({
      id: IdSchema,
      user_agent: Type.String(),
      address: Type.String(),
      created_at: TimeSchema,
      used_at: TimeSchema,
      current: Type.Boolean(),
    }),
  ),
});
export type UserSessionsBody = Static<typeof UserSessionsSchema>;

/** `PUT /api/auth/password`. */
export const PasswordChangeSchema = Type.Object(
  { current_password: Type.String(), new_password: Password },
  { additionalProperties: false },
);

/** The password again, for actions that a session alone may not do. */
export const PasswordAgainSchema = Type.Object({ password: Type.String() }, { additionalProperties: false });

/** `POST /api/auth/totp`. */
export const TotpSchema = Type.Object({
  secret: Type.String({ description: "base 32" }),
  uri: Type.String({ description: "otpauth: address, for a QR code" }),
});
export type TotpBody = Static<typeof TotpSchema>;

/** `PUT /api/auth/totp`. */
export const TotpCodeSchema = Type.Object({ code: Code }, { additionalProperties: false });

/** `GET /.well-known/jwks.json` (RFC 7517). */
export const KeysSchema = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.String(),
      crv: Type.String(),
      x: Type.String(),
      kid: Type.String(),
      alg: Type.String(),
      use: Type.String(),
    }),
  ),
});
export type KeysBody = Static<typeof KeysSchema>;
