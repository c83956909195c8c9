import type { Id } from "@onegate/contract";

/** An enrolled till. It is in use until it is revoked, and never again after that. */
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

/** What a code is for: one device, or an owner's way back in. */
export type CodePurpose = "device" | "owner";
export const CODE_MINUTES: Readonly<Record<CodePurpose, number>> = { device: 10, owner: 30 };

/** A device is one that a person is known on for so long after a right PIN there. */
export const KNOWN_DAYS = 30;
