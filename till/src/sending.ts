import { newId, type NewSaleBody, type RefusalCode, type SaleBody } from "@onegate/contract";
import { api, isOutcomeUnknown, Refused } from "./api.ts";
import { showNotice } from "./notices.ts";
import { asking, client, freshCatalogue } from "./server.ts";
import { dispatch, till } from "./till.ts";
import { minorOf } from "./sum.ts";

const PAUSES_MS = [400, 1_000, 2_000, 4_000];

/** Refusals that mean no dynamic QR is available; the shop's printed code is offered instead. */
const AWAY: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "provider_unreachable",
  "provider_refused",
  "channel_inactive",
  "channel_unknown",
]);

/** Refusals that mean the server has another sale under this id: another tab has already sold this cart. */
const SOLD: ReadonlySet<RefusalCode> = new Set<RefusalCode>(["sale_differs", "idempotency_key_reused"]);

/**
 * Sends one sale until it is answered, from one tab at a time; another tab takes over when this one is
 * closed. In a browser without locks (they need HTTPS) each tab sends. They use the same id, so it is still
 * one sale.
 */
export async function send(sale: NewSaleBody, signal: AbortSignal): Promise<void> {
  const locks = (navigator as Partial<Navigator>).locks;
  if (!locks) return sendUntilAnswered(sale, signal);
  await locks
    .request(`onegate.sale.${sale.id}`, { signal }, () => sendUntilAnswered(sale, signal))
    .catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
}

/** Retries one sale, under its own id, until the server has accepted or refused it. */
async function sendUntilAnswered(sale: NewSaleBody, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const answer = await sell(sale);
      client.setQueryData(["sale", sale.id], answer);
      dispatch(answer.state === "paid" ? { type: "paid", saleId: sale.id } : { type: "accepted" });
      return;
    } catch (error) {
      if (signal.aborted || till.get().at === "locked") return;
      if (!isOutcomeUnknown(error)) {
        await giveUp(error);
        return;
      }
    }
    const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] ?? 0;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function sell(sale: NewSaleBody): Promise<SaleBody> {
  try {
    return await asking((token) => api.sell(token, sale));
  } catch (error) {
    if (!(error instanceof Refused) || !SOLD.has(error.problem.code)) throw error;
    const sold = await asking((token) => api.sale(token, sale.id));
    if (sold.state !== "paid" && sold.state !== "waiting") throw error;
    showNotice({ tone: "refusal", text: (words) => words.soldElsewhere });
    return sold;
  }
}

async function giveUp(error: unknown): Promise<void> {
  const code = error instanceof Refused ? error.problem.code : undefined;
  dispatch({ type: "refused", saleId: newId(), qrisAway: code !== undefined && AWAY.has(code) });
  if (!(error instanceof Refused)) throw error;
  const { detail } = error.problem;
  if (code !== "price_differs") {
    showNotice({ tone: "refusal", text: (_, language) => detail[language] });
    return;
  }
  const catalogue = await freshCatalogue();
  dispatch({
    type: "reprice",
    prices: new Map(catalogue.products.map(({ id, price }) => [id, minorOf(price)])),
  });
  showNotice({ tone: "refusal", text: (words) => words.repriced });
}
