import { IdSchema, isRefusal, NewStaticQrisSchema, ProblemSchema, refuse, SessionSchema, ShopSchema, StaticQrisSchema, UnlockSchema, type ShopBody } from "@onegate/contract";
import { Type } from "typebox";
import { answer, type Database, type Http } from "../kernel/index.ts";
import { merchantOf, whoOf } from "./guard.ts";
import { tokenHash } from "./secret.ts";
import { removeStaticQris, setStaticQris, showStaticQris, staticQrisBody } from "./static-qris.ts";
import { deleteSession, selectMerchants, selectOutlets, selectStaff, selectStaticQris } from "./store.ts";
import { unlock } from "./unlock.ts";

const tags = ["till"];
const OneOutlet = Type.Object({ id: IdSchema });

export function identityRoutes(http: Http, { database, mode }: { database: Database; mode: "sandbox" | "production" }): void {
  const { kysely } = database;

  http.get("/api/v1/till/shop", { config: { right: "till.open" }, schema: { tags, summary: "The shop, its outlet and its staff, for the locked screen", response: { 200: ShopSchema, 404: ProblemSchema } } }, async (request, reply) => {
    const [merchant] = await selectMerchants(kysely);
    const [outlet] = merchant ? await selectOutlets(kysely, merchant.merchantId) : [];
    if (!merchant || !outlet) return answer(request, reply, refuse("not_found"));
    const staff = await selectStaff(kysely, merchant.merchantId, outlet.outletId);
    const staticQris = await selectStaticQris(kysely, merchant.merchantId, outlet.outletId);
    const { tax } = outlet;
    const shop: ShopBody = {
      mode,
      merchant: { id: merchant.merchantId, name: merchant.name },
      outlet: {
        id: outlet.outletId,
        name: outlet.name,
        address: outlet.address,
        phone: outlet.phone,
        time_zone: outlet.timeZone,
        receipt_header: outlet.receiptHeader,
        receipt_footer: outlet.receiptFooter,
      },
      currency: merchant.currency,
      tax: tax
        ? { name: tax.name, rate_basis_points: tax.rateBasisPoints, base_numerator: tax.baseNumerator, base_denominator: tax.baseDenominator, included: tax.included }
        : null,
      cash_rounding: { ...outlet.cashRounding },
      static_qris: staticQris ? { payload: staticQris.payload, merchant_name: staticQris.merchantName } : null,
      staff: staff.map(({ staffId, name, role }) => ({ id: staffId, name, role })),
    };
    return answer(request, reply, shop);
  });

  http.post("/api/v1/till/unlock", { config: { right: "till.open" }, schema: { tags, summary: "Unlock the till by PIN", body: UnlockSchema, response: { 200: SessionSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const [merchant] = await selectMerchants(kysely);
    if (!merchant) return answer(request, reply, refuse("staff_unknown"));
    const session = await unlock(database, merchant.merchantId, request.body.staff_id, request.body.pin);
    if (isRefusal(session)) return answer(request, reply, session);
    const { staffId, name, role } = session.staff;
    return answer(request, reply, { token: session.token, expires_at: session.expiresAt.toISOString(), staff: { id: staffId, name, role } });
  });

  http.post("/api/v1/till/lock", { config: { right: "till.lock" }, schema: { tags, summary: "End this session", response: { 204: Type.Null() } } }, async (request, reply) => {
    await deleteSession(kysely, tokenHash(String(request.headers.authorization).slice("Bearer ".length)));
    return reply.code(204).send(null);
  });

  http.get("/api/v1/outlets/:id/static-qris", { config: { right: "outlet.manage" }, schema: { tags: ["outlet"], summary: "The outlet's printed QRIS", params: OneOutlet, response: { 200: StaticQrisSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const set = await showStaticQris(kysely, merchantOf(request), request.params.id);
    return answer(request, reply, isRefusal(set) ? set : staticQrisBody(set));
  });

  http.put("/api/v1/outlets/:id/static-qris", { config: { right: "outlet.manage" }, schema: { tags: ["outlet"], summary: "Set the outlet's printed QRIS, for when no provider can be reached", params: OneOutlet, body: NewStaticQrisSchema, response: { 200: StaticQrisSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const set = await setStaticQris(database, whoOf(request), request.params.id, request.body);
    return answer(request, reply, isRefusal(set) ? set : staticQrisBody(set));
  });

  http.delete("/api/v1/outlets/:id/static-qris", { config: { right: "outlet.manage" }, schema: { tags: ["outlet"], summary: "Take the printed QRIS away", params: OneOutlet, response: { 204: Type.Null(), "4xx": ProblemSchema } } }, async (request, reply) => {
    const refusal = await removeStaticQris(database, whoOf(request), request.params.id);
    return refusal ? answer(request, reply, refusal) : reply.code(204).send(null);
  });
}
