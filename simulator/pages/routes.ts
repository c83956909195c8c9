import { readFileSync } from "node:fs";
import type { FastifyInstance, FastifyReply } from "fastify";
import { act, checkedToPlanned, isAct } from "../control.ts";
import { expireDue } from "../settle.ts";
import type { World } from "../world.ts";
import { checkoutMain } from "./checkout.ts";
import { ICON, LIVE_SCRIPT, page } from "./frame.ts";
import { html, type Html } from "./html.ts";
import { listMain } from "./list.ts";

const clothes = readFileSync(new URL("clothes.css", import.meta.url), "utf8");
const unknown = html`<p class="card">Transaksi ini tidak ada di simulator.</p>`;

/** The simulator's pages: the list, the checkout of one transaction, and their style, script and icon. */
export function pageRoutes(world: World) {
  type ByReference = { Params: { reference: string } };

  return async (routes: FastifyInstance): Promise<void> => {
    routes.get("/", async (_, reply) => {
      expireDue(world);
      return show(reply, "Simulator", listMain(world));
    });

    routes.get<ByReference>("/checkout/:reference", async ({ params }, reply) => {
      expireDue(world);
      const transaction = world.book.transaction(params.reference);
      if (!transaction) return show(reply.code(404), "Tidak ada", unknown);
      return show(reply, `${transaction.reference} · Simulator`, checkoutMain(transaction));
    });

    routes.post<{ Params: { reference: string; act: string } }>(
      "/checkout/:reference/:act",
      async ({ params }, reply) => {
        expireDue(world);
        if (isAct(params.act)) act(world, params.reference, params.act);
        return reply.redirect(`/checkout/${encodeURIComponent(params.reference)}`, 303);
      },
    );

    routes.post("/next", async ({ body }, reply) => {
      world.faults.queue.push(...(checkedToPlanned(body) ?? []));
      return reply.redirect("/", 303);
    });

    routes.get<ByReference>("/qr/:reference", async ({ params }, reply) => {
      const qrString = world.book.transaction(params.reference)?.qrString;
      return reply
        .code(qrString ? 200 : 404)
        .type("text/plain; charset=utf-8")
        .send(qrString ?? "");
    });

    routes.get("/clothes.css", async (_, reply) => reply.type("text/css; charset=utf-8").send(clothes));
    routes.get("/live.js", async (_, reply) =>
      reply.type("text/javascript; charset=utf-8").send(LIVE_SCRIPT),
    );
    routes.get("/icon.svg", async (_, reply) => reply.type("image/svg+xml").send(ICON));
  };
}

async function show(reply: FastifyReply, title: string, main: Html): Promise<FastifyReply> {
  return reply.type("text/html; charset=utf-8").send(page(title, main));
}
