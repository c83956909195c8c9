import type { ApprovableAction, Id } from "@onegate/contract";

/** How long an approval is valid, by the database's clock. */
export const APPROVAL_SECONDS = 120;

/** A second person's approval, for one session, action, subject and amount. It can be used once. */
export type Approval = {
  readonly merchantId: Id;
  readonly approvalId: Id;
  readonly sessionId: Id;
  readonly action: ApprovableAction;
  /** The id of the object acted on, such as a sale or a product. */
  readonly subject: string;
  /** Minor units. Null if the action has no amount. */
  readonly amount: bigint | null;
  readonly askedBy: Id;
  readonly approvedBy: Id;
  readonly reason: string | null;
};

/** The approval that a request brought. It is looked up and checked when it is used. */
export type PendingApproval = Pick<Approval, "approvalId" | "merchantId" | "sessionId" | "action">;
