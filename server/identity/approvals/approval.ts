import type { ApprovableAction, Id } from "@onegate/contract";

/** How long a second person's word is good for, by the database's clock. */
export const APPROVAL_SECONDS = 120;

/** A second person's word: for one session, action, subject and sum, and used once. */
export type Approval = {
  readonly merchantId: Id;
  readonly approvalId: Id;
  readonly sessionId: Id;
  readonly action: ApprovableAction;
  /** What is acted upon: a sale's id, a product's. */
  readonly subject: string;
  /** Minor units; null: the action is about no sum. */
  readonly amount: bigint | null;
  readonly askedBy: Id;
  readonly approvedBy: Id;
  readonly reason: string | null;
};

/** What a request brings that needs one: who and what is behind it is looked up when it is used. */
export type PendingApproval = Pick<Approval, "approvalId" | "merchantId" | "sessionId" | "action">;
