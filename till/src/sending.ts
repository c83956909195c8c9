import { newId, type NewSaleBody, type RefusalCode } from "@onegate/contract";
import { api, isUndecided, Refused } from "./api.ts";
import { say } from "./notices.ts";
import { asking, client } from "./server.ts";
import { dispatch, till } from "./till.ts";
import { minorOf } from "./sum.ts";

const PAUSES_MS = [400, 1_000, 2_000, 4_000];

/** Why there is no dynamic QR to be had: no fault of the sale, so the shop's printed code may do. */
const AWAY: ReadonlySet<RefusalCode> = new Set<RefusalCode>(["provider_unreachable", "provider_refused", "channel_inactive", "channel_unknown"]);

/** Repeats one sale, under its own id, until the server has said yes or no. */
export async function sendUntilAnswered(sale: NewSaleBody, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const answer = await asking((token) => api.sell(token, sale));
      client.setQueryData(["sale", sale.id], answer);
      dispatch(answer.state === "paid" ? { type: "paid", saleId: sale.id } : { type: "accepted" });
      return;
    } catch (error) {
      if (signal.aborted || till.get().at === "locked") return;
      if (!isUndecided(error)) {
        await giveUp(error);
        return;
      }
    }
    const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] ?? 0;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function giveUp(error: unknown): Promise<void> {
  const code = error instanceof Refused ? error.problem.code : undefined;
  dispatch({ type: "refused", saleId: newId(), qrisAway: code !== undefined && AWAY.has(code) });
  if (!(error instanceof Refused)) throw error;
  const { detail } = error.problem;
  if (code !== "price_differs") {
    say({ tone: "refusal", text: (_, language) => detail[language] });
    return;
  }
  const catalogue = await client.fetchQuery({ queryKey: ["catalogue"], queryFn: () => asking(api.catalogue), staleTime: 0 });
  dispatch({ type: "reprice", prices: new Map(catalogue.products.map(({ id, price }) => [id, minorOf(price)])) });
  say({ tone: "refusal", text: (words) => words.repriced });
}
