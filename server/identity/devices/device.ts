import type { Id } from "@onegate/contract";

/** An enrolled till. Once revoked, it is never used again. */
export type Device = {
  readonly merchantId: Id;
  readonly deviceId: Id;
  readonly outletId: Id;
  readonly name: string;
  readonly enrolledBy: Id | null;
  readonly enrolledAt: Date;
  readonly lastSeenAt: Date;
  readonly lastAddress: string | null;
  readonly revokedAt: Date | null;
  readonly revokedReason: RevokeReason | null;
};

export type RevokeReason = "lost" | "replaced" | "other";

/** What a code is for: to enrol a device, or to restore an owner's access. */
export type CodePurpose = "device" | "owner";
export const CODE_MINUTES: Readonly<Record<CodePurpose, number>> = { device: 10, owner: 30 };

/** Days for which a person is known on a device after a right PIN there. */
export const KNOWN_DAYS = 30;
