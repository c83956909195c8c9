export { addressOf, isLocal } from "./address.ts";
export { type PendingApproval } from "./approvals/approval.ts";
export { approvalRoutes } from "./approvals/routes.ts";
export { consumeApproval } from "./approvals/use-approval.ts";
export { announceAudit } from "./audit/announce-audit.ts";
export { auditTrail } from "./audit/append.ts";
export { auditBreaches } from "./audit/check.ts";
export { atDevice, bySystem, type Who } from "./audit/entry.ts";
export { createRefusals, type Refusals } from "./audit/refusals.ts";
export { auditRoutes } from "./audit/routes.ts";
export { selectAuditHeads as auditHeads, type AuditHead } from "./audit/store.ts";
export { codeHash, newCode } from "./devices/code.ts";
export { countGuess, enrolIn, forgetGuesses, type Enrolled } from "./devices/enrol.ts";
export { storeOwnerCode } from "./devices/recover-owner.ts";
export { retireDevice } from "./devices/revoke.ts";
export { deviceRoutes, enrolledBody } from "./devices/routes.ts";
export {
  actorOf,
  alsoNeeds,
  DEVICE_HEADER,
  guard,
  merchantOf,
  outletScopeOf,
  staffOf,
  streamHoldersOf,
  userOf,
  whoOf,
} from "./guard.ts";
export { checkedToLogo } from "./logo/logo.ts";
export { insertLogo } from "./logo/store.ts";
export { isInScope } from "./keys/key.ts";
export { createKnownKeys } from "./keys/known-keys.ts";
export { keyRoutes } from "./keys/routes.ts";
export { countTry, limitRequests, recipientLimit } from "./limits.ts";
export { originOf, type Origin } from "./origin.ts";
export { openOutlet, refusalForDays } from "./outlets/change-outlet.ts";
export { outletRoutes } from "./outlets/routes.ts";
export { peopleRoutes } from "./people/routes.ts";
export { isGuessablePin } from "./pins/policy.ts";
export { markKnown } from "./pins/store.ts";
export { provePin } from "./pins/prove-pin.ts";
export { grantable, OWNER_ONLY, rights, rightsOf, refusalFor, type Right, type Role } from "./rights.ts";
export { identityRoutes } from "./routes.ts";
export { createSecretBox, type SecretBox } from "./secret-box.ts";
export { hashSecret, isSecret } from "./secret.ts";
export { sessionBody } from "./session-body.ts";
export { sessionEnd } from "./session-end.ts";
export { roleRoutes } from "./shop-roles/routes.ts";
export { type Principal, type Staff, type StaffPrincipal, type StaffRole } from "./staff.ts";
export {
  insertMerchant,
  insertOutlet,
  insertStaff,
  selectMerchants as merchants,
  selectOutlets as outlets,
  selectStaticQris as staticQrisOf,
  type Merchant,
  type Outlet,
} from "./store.ts";
export { openSession, unlock, type Session } from "./unlock.ts";
export { createAccessTokens } from "./users/access-token.ts";
export { requireOpenSession } from "./users/open-session.ts";
export { createPasswords } from "./users/password.ts";
export { userRoutes } from "./users/routes.ts";
export { openSigningKeys } from "./users/signing-key.ts";
export { deleteExpired as forgetExpiredSessions, selectWait } from "./users/store.ts";
export { checkedToUsername, type Users } from "./users/user.ts";
