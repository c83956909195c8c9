import { Type, type Static } from "typebox";
import { IdSchema, Nullable, TimeSchema, WELL_FORMED, WRITABLE } from "./common.ts";
import { RoleSchema, SessionSchema } from "./till.ts";
import { TAX_CHOICES } from "../tax-choice.ts";

const strict = { additionalProperties: false } as const;
const Name = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: WRITABLE, format: WELL_FORMED });
const Text = (maxLength: number) => Type.String({ maxLength, pattern: WRITABLE, format: WELL_FORMED });
const PinSchema = Type.String({ pattern: "^[0-9]{6}$" });
const BuiltInRole = Type.Enum(["owner", "manager", "cashier"]);

// devices

/** `POST /api/v1/devices/codes`: makes a code that enrols one device. */
export const NewDeviceCodeSchema = Type.Object({ outlet_id: IdSchema, name: Name(60) }, strict);
export type NewDeviceCodeBody = Static<typeof NewDeviceCodeSchema>;
export const DeviceCodeSchema = Type.Object({
  code: Type.String({ examples: ["7K4M-Q2XZ"], description: "works once, for ten minutes" }),
  expires_at: TimeSchema,
  url: Type.String({ description: "opens the till and enrols it" }),
});
export type DeviceCodeBody = Static<typeof DeviceCodeSchema>;

/** `POST /api/v1/till/devices`; without a code only a sandbox's demo till is enrolled. */
export const EnrolSchema = Type.Object(
  { code: Type.Optional(Type.String({ maxLength: 40 })), name: Type.Optional(Name(60)) },
  strict,
);
export type EnrolBody = Static<typeof EnrolSchema>;
export const EnrolledSchema = Type.Object({
  device: Type.Object({ id: IdSchema, name: Type.String(), outlet_id: IdSchema }),
  token: Type.String({
    description: "Send as `Onegate-Device: …` on every request of the till; shown this once",
  }),
});
export type EnrolledBody = Static<typeof EnrolledSchema>;

export const DeviceSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  outlet_id: IdSchema,
  enrolled_by: Nullable(Type.String({ description: "a staff member's id; null: set up, or a demo till" })),
  enrolled_at: TimeSchema,
  last_seen_at: TimeSchema,
  last_address: Nullable(Type.String()),
  revoked_at: Nullable(TimeSchema),
  revoked_reason: Nullable(Type.Enum(["lost", "replaced", "other"])),
  this_device: Type.Boolean(),
});
export type DeviceBody = Static<typeof DeviceSchema>;
export const RevokeDeviceSchema = Type.Object({ reason: Type.Enum(["lost", "replaced", "other"]) }, strict);
export type RevokeDeviceBody = Static<typeof RevokeDeviceSchema>;

/** `POST /api/v1/till/owner-recovery`: uses the code that `owner-code` printed on the server. */
export const OwnerRecoverySchema = Type.Object(
  { code: Type.String({ maxLength: 40 }), pin: PinSchema, staff_id: Type.Optional(IdSchema) },
  strict,
);
export type OwnerRecoveryBody = Static<typeof OwnerRecoverySchema>;

// staff

export const StaffMemberSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  role: RoleSchema,
  role_id: Nullable(Type.String()),
  role_name: Nullable(Type.String({ description: "of a custom role" })),
  outlet_id: IdSchema,
  is_active: Type.Boolean(),
  must_change_pin: Type.Boolean(),
  blocked_on: Type.Array(IdSchema, { description: "devices on which too many wrong PINs were tried" }),
  last_unlocked_at: Nullable(TimeSchema),
  created_at: TimeSchema,
});
export type StaffMemberBody = Static<typeof StaffMemberSchema>;
/** `POST /api/v1/staff`: either `role` or `role_id`. */
export const NewStaffSchema = Type.Object(
  {
    id: Type.Optional(IdSchema),
    name: Name(100),
    role: Type.Optional(BuiltInRole),
    role_id: Type.Optional(IdSchema),
    outlet_id: IdSchema,
    pin: PinSchema,
  },
  strict,
);
export type NewStaffBody = Static<typeof NewStaffSchema>;
export const StaffChangeSchema = Type.Object(
  {
    name: Type.Optional(Name(100)),
    role: Type.Optional(BuiltInRole),
    role_id: Type.Optional(IdSchema),
    outlet_id: Type.Optional(IdSchema),
    is_active: Type.Optional(Type.Boolean()),
  },
  strict,
);
export type StaffChangeBody = Static<typeof StaffChangeSchema>;
export const NewPinSchema = Type.Object({ pin: PinSchema }, strict);
export const OwnPinSchema = Type.Object({ pin: PinSchema, new_pin: PinSchema }, strict);
export const OwnPinDoneSchema = Type.Object({
  rights: SessionSchema.properties.rights,
  must_change_pin: Type.Boolean(),
});
export type OwnPinDoneBody = Static<typeof OwnPinDoneSchema>;

export const StaffSessionSchema = Type.Object({
  id: IdSchema,
  staff: Type.Object({ id: IdSchema, name: Type.String() }),
  device: Type.Object({ id: IdSchema, name: Type.String(), outlet_id: IdSchema }),
  address: Nullable(Type.String()),
  created_at: TimeSchema,
  expires_at: TimeSchema,
  this_session: Type.Boolean(),
});
export type StaffSessionBody = Static<typeof StaffSessionSchema>;

// roles

export const ShopRoleSchema = Type.Object({
  id: Nullable(Type.String({ description: "null: a built-in role" })),
  name: Type.String(),
  built_in: Type.Boolean(),
  rights: Type.Array(Type.String()),
});
export type ShopRoleBody = Static<typeof ShopRoleSchema>;
export const RolesSchema = Type.Object({
  roles: Type.Array(ShopRoleSchema),
  grantable: Type.Array(
    Type.Object({ right: Type.String(), description_id: Type.String(), description_en: Type.String() }),
    { description: "rights that a custom role may have" },
  ),
});
export type RolesBody = Static<typeof RolesSchema>;
export const NewRoleSchema = Type.Object(
  {
    name: Name(60),
    rights: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 100, uniqueItems: true }),
  },
  strict,
);
export type NewRoleBody = Static<typeof NewRoleSchema>;

// outlets

const Rounding = Type.Object(
  {
    unit: Type.Integer({ minimum: 0, maximum: 10_000_000, description: "minor units; 0 is none" }),
    direction: Type.Enum(["down", "nearest", "up"]),
  },
  strict,
);
const DayBegins = Type.String({
  pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$",
  description: "when the business day begins, before noon; earlier sales belong to the previous day",
});
const outlet = {
  name: Name(100),
  address: Text(300),
  phone: Text(20),
  time_zone: Type.String({ maxLength: 40, examples: ["Asia/Jakarta"] }),
};
export const OutletSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  address: Type.String(),
  phone: Type.String(),
  time_zone: Type.String(),
  day_begins: Type.String(),
  tax: Nullable(Type.Enum([...TAX_CHOICES], { description: "null: a rule that is none of the choices" })),
  cash_rounding: Rounding,
  receipt_code: Type.String(),
  receipt_header: Type.String(),
  receipt_footer: Type.String(),
});
export type OutletBody = Static<typeof OutletSchema>;
const outletMore = {
  day_begins: Type.Optional(DayBegins),
  cash_rounding: Type.Optional(Rounding),
  receipt_header: Type.Optional(Text(300)),
  receipt_footer: Type.Optional(Text(300)),
};
export const NewOutletSchema = Type.Object(
  { ...outlet, ...outletMore, tax: Type.Enum([...TAX_CHOICES]) },
  strict,
);
export type NewOutletBody = Static<typeof NewOutletSchema>;
export const OutletChangeSchema = Type.Partial(
  Type.Object({ ...outlet, ...outletMore, tax: Type.Enum([...TAX_CHOICES]) }, strict),
  strict,
);
export type OutletChangeBody = Static<typeof OutletChangeSchema>;

// set-up

export const SetupStateSchema = Type.Object({
  needed: Type.Boolean({ description: "there is no shop yet" }),
  allowed: Type.Boolean(),
  code_needed: Type.Boolean({
    description: "the code that the program printed at its start, or that `setup-code` prints",
  }),
});
export type SetupStateBody = Static<typeof SetupStateSchema>;

/** The code is sent in a header, so that the server reads no body without one. */
export const SETUP_CODE_HEADER = "onegate-setup-code";

/** `POST /api/v1/setup`: a whole shop, at once. */
export const SetupSchema = Type.Object(
  {
    merchant: Type.Object({ name: Name(100) }, strict),
    outlet: Type.Object({ ...outlet, day_begins: Type.Optional(DayBegins) }, strict),
    tax: Type.Enum([...TAX_CHOICES]),
    logo: Type.Optional(
      Type.String({ maxLength: 270_000, description: "data URL of a PNG, JPEG or WebP of at most 200 kB" }),
    ),
    owner: Type.Object({ name: Name(100), pin: PinSchema }, strict),
    staff: Type.Optional(
      Type.Array(Type.Object({ name: Name(100), role: BuiltInRole, pin: PinSchema }, strict), {
        maxItems: 50,
      }),
    ),
    products: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Name(100),
            price: Type.String({ maxLength: 40, description: "decimal text, in the merchant's currency" }),
            category: Type.Optional(Name(60)),
            barcode: Type.Optional(
              Type.String({ pattern: "^[0-9]{8,14}$", description: "GTIN of 8, 12, 13 or 14 digits" }),
            ),
            stock: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
          },
          strict,
        ),
        { maxItems: 2_000 },
      ),
    ),
  },
  strict,
);
export type SetupBody = Static<typeof SetupSchema>;
export const SetupDoneSchema = Type.Object({ ...EnrolledSchema.properties, session: SessionSchema });
export type SetupDoneBody = Static<typeof SetupDoneSchema>;
