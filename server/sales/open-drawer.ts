import { isRefusal, type Id } from "@onegate/contract";
import { announceAudit, consumeApproval, type PendingApproval, type Who } from "../identity/index.ts";
import { once, type Once } from "../kernel/index.ts";
import type { Sales } from "./context.ts";

type Cashier = { readonly merchantId: Id; readonly outletId: Id; readonly staffId: Id; readonly who: Who };

/**
 * Opens the cash drawer without a sale, once per id. No money moves; the audit trail records who opened it,
 * why, and who approved it. Refuses what `consumeApproval` refuses (the approval's subject is the outlet).
 */
export async function openDrawer(
  sales: Sales,
  { merchantId, outletId, who }: Cashier,
  { id, reason }: { id: Id; reason: string },
  approval: PendingApproval | undefined,
): Promise<Once<{ id: Id }>> {
  const done = await once(
    sales.database,
    { merchantId, route: "till.drawer", key: id },
    { outletId, reason },
    async (tx) => {
      const approvedBy = await consumeApproval(tx, approval, outletId);
      if (isRefusal(approvedBy)) return approvedBy;
      await announceAudit(tx, who, {
        action: "drawer.opened",
        subject: outletId,
        after: { approved_by: approvedBy, reason },
      });
      return { id };
    },
  );
  return done;
}
