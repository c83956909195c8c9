import {
  IdSchema,
  isRefusal,
  NewStaticQrisSchema,
  ProblemSchema,
  refuse,
  SessionSchema,
  ShopSchema,
  StaticQrisSchema,
  UnlockSchema,
  type Refusal,
  type ShopBody,
} from "@onegate/contract";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { answer, inTransaction, type Database, type Http } from "../kernel/index.ts";
import { addressOf } from "./address.ts";
import { announceAudit } from "./audit/announce-audit.ts";
import type { Refusals } from "./audit/refusals.ts";
import { knownDevice, type Place } from "./devices/enrol.ts";
import { endSessions } from "./devices/store.ts";
import { DEVICE_HEADER, merchantOf, staffOf, whoOf } from "./guard.ts";
import { selectLogo, selectLogoId } from "./logo/store.ts";
import { rightsOf } from "./rights.ts";
import { sessionBody, staffBody } from "./session-body.ts";
import { removeStaticQris, setStaticQris, showStaticQris, staticQrisBody } from "./static-qris.ts";
import {
  selectMerchants,
  selectOutlets,
  selectStaff,
  selectStaticQris,
  type Merchant,
  type Outlet,
} from "./store.ts";
import { unlock } from "./unlock.ts";

const tags = ["till"];
const OutletParams = Type.Object({ id: IdSchema });

export function identityRoutes(
  http: Http,
  {
    database,
    mode,
    demo,
    refusals,
  }: { database: Database; mode: "sandbox" | "production"; demo?: Place | undefined; refusals: Refusals },
): void {
  const { kysely } = database;

  /** The merchant and outlet of a till. In a sandbox, a till that is not enrolled yet gets the demo shop. */
  const placeOf = async (
    request: FastifyRequest,
  ): Promise<{ merchant: Merchant; outlet: Outlet } | Refusal> => {
    const merchants = await selectMerchants(kysely);
    if (merchants.length === 0) return refuse("setup_needed");
    const isUnnamed = request.headers[DEVICE_HEADER] === undefined;
    const place =
      isUnnamed && demo
        ? demo
        : await knownDevice(database, request.headers[DEVICE_HEADER], addressOf(request));
    if (isRefusal(place)) return place;
    const merchant = merchants.find(({ merchantId }) => merchantId === place.merchantId);
    const outlet = (await selectOutlets(kysely, place.merchantId)).find(
      ({ outletId }) => outletId === place.outletId,
    );
    return merchant && outlet ? { merchant, outlet } : refuse("device_unknown");
  };

  http.get(
    "/api/v1/till/shop",
    {
      config: { right: "till.open" },
      schema: {
        tags,
        summary: "The shop, its outlet and its staff, for the locked screen",
        response: { 200: ShopSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const place = await placeOf(request);
      if (isRefusal(place)) return answer(request, reply, place);
      const { merchant, outlet } = place;
      const staff = await selectStaff(kysely, merchant.merchantId, outlet.outletId);
      const staticQris = await selectStaticQris(kysely, merchant.merchantId, outlet.outletId);
      const logoId = await selectLogoId(kysely, merchant.merchantId);
      const { tax } = outlet;
      const shop: ShopBody = {
        mode,
        merchant: { id: merchant.merchantId, name: merchant.name },
        logo: logoId === undefined ? null : `/api/v1/till/logo?v=${logoId}`,
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
          ? {
              name: tax.name,
              rate_basis_points: tax.rateBasisPoints,
              base_numerator: tax.baseNumerator,
              base_denominator: tax.baseDenominator,
              included: tax.included,
            }
          : null,
        cash_rounding: { ...outlet.cashRounding },
        static_qris: staticQris
          ? { payload: staticQris.payload, merchant_name: staticQris.merchantName }
          : null,
        staff: staff.map(staffBody),
        approvers: staff
          .filter(({ role, granted }) => rightsOf(role, granted).has("approval.give"))
          .map(({ staffId }) => staffId),
      };
      return answer(request, reply, shop);
    },
  );

  http.get(
    "/api/v1/till/logo",
    {
      config: { right: "till.open" },
      schema: {
        tags,
        summary: "The shop's logo, by its public name or by the requesting device",
        querystring: Type.Object({ v: Type.Optional(IdSchema) }),
      },
    },
    async (request, reply) => {
      const { v: logoId } = request.query;
      const device =
        logoId === undefined
          ? await knownDevice(database, request.headers[DEVICE_HEADER], addressOf(request))
          : undefined;
      if (isRefusal(device)) return answer(request, reply, device);
      const logo = await selectLogo(
        kysely,
        device ? { merchantId: device.merchantId } : { logoId: logoId ?? "" },
      );
      if (!logo) return answer(request, reply, refuse("not_found"));
      return reply
        .header("x-content-type-options", "nosniff")
        .header("content-security-policy", "default-src 'none'; sandbox")
        .header("cache-control", logoId === undefined ? "no-store" : "public, max-age=31536000, immutable")
        .type(logo.contentType)
        .send(logo.content);
    },
  );

  http.post(
    "/api/v1/till/unlock",
    {
      config: { right: "till.open" },
      schema: {
        tags,
        summary: "Unlock the till by PIN",
        body: UnlockSchema,
        response: { 200: SessionSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const address = addressOf(request);
      const device = await knownDevice(database, request.headers[DEVICE_HEADER], address);
      if (isRefusal(device)) return answer(request, reply, device);
      const { merchantId, deviceId, outletId } = device;
      const { staff_id: staffId, pin } = request.body;
      const who = { merchantId, actor: "anyone", deviceId, outletId, address, requestId: request.id };
      const session = await unlock(database, device, staffId, pin, { address, requestId: request.id });
      if (isRefusal(session))
        refusals.note(
          who,
          "staff.sign_in_refused",
          session.refusal === "staff_unknown" ? "unknown" : staffId,
          { reason: session.refusal },
        );
      return answer(
        request,
        reply.header("cache-control", "no-store"),
        isRefusal(session) ? session : sessionBody(session),
      );
    },
  );

  http.post(
    "/api/v1/till/lock",
    {
      config: { right: "till.lock" },
      schema: { tags, summary: "End this session", response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { merchantId, staffId, staffSessionId: sessionId, who } = staffOf(request);
      await inTransaction(database, async (tx) => {
        await endSessions(tx, { merchantId, sessionId });
        await announceAudit(tx, who, { action: "staff.signed_out", subject: staffId });
      });
      return reply.code(204).send(null);
    },
  );

  http.get(
    "/api/v1/outlets/:id/static-qris",
    {
      config: { right: "outlet.manage" },
      schema: {
        tags: ["outlet"],
        summary: "The outlet's printed QRIS",
        params: OutletParams,
        response: { 200: StaticQrisSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const shown = await showStaticQris(kysely, merchantOf(request), request.params.id);
      return answer(request, reply, isRefusal(shown) ? shown : staticQrisBody(shown));
    },
  );

  http.put(
    "/api/v1/outlets/:id/static-qris",
    {
      config: { right: "outlet.manage" },
      schema: {
        tags: ["outlet"],
        summary: "Set the outlet's printed QRIS, for when no provider can be reached",
        params: OutletParams,
        body: NewStaticQrisSchema,
        response: { 200: StaticQrisSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const set = await setStaticQris(database, whoOf(request), request.params.id, request.body);
      return answer(request, reply, isRefusal(set) ? set : staticQrisBody(set));
    },
  );

  http.delete(
    "/api/v1/outlets/:id/static-qris",
    {
      config: { right: "outlet.manage" },
      schema: {
        tags: ["outlet"],
        summary: "Remove the printed QRIS",
        params: OutletParams,
        response: { 204: Type.Null(), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const refusal = await removeStaticQris(database, whoOf(request), request.params.id);
      return refusal ? answer(request, reply, refusal) : reply.code(204).send(null);
    },
  );
}
