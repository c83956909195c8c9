import { newId, type Id } from "@onegate/contract";
import { api, Refused } from "./api.ts";
import { showNotice } from "./notices.ts";
import { asking, client } from "./server.ts";
import { dispatch } from "./till.ts";

/** Cancels a waiting sale at the server, so that its cart can be paid another way; shows why it can't. */
export async function giveUpSale(saleId: Id): Promise<void> {
  try {
    const ended = await asking((token) => api.cancel(token, saleId));
    client.setQueryData(["sale", saleId], ended);
    if (ended.state === "cancelled" || ended.state === "expired")
      dispatch({ type: "another_way", saleId: newId() });
  } catch (error) {
    if (error instanceof Refused)
      showNotice({ tone: "refusal", text: (_, language) => error.problem.detail[language] });
    else showNotice({ tone: "refusal", text: (words) => words.cancelSilent });
    await client.invalidateQueries({ queryKey: ["sale", saleId] });
  }
}
