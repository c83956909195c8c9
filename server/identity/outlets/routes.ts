import {
  IdSchema,
  isRefusal,
  NewOutletSchema,
  OutletChangeSchema,
  OutletSchema,
  ProblemSchema,
  taxChoiceOf,
  type OutletBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { answer, type Database, type Http } from "../../kernel/index.ts";
import { staffOf } from "../guard.ts";
import { selectOutlets, type Outlet } from "../store.ts";
import { changeOutlet, makeOutlet } from "./change-outlet.ts";

const tags = ["outlet"];
const problems = { "4xx": ProblemSchema } as const;

export function outletRoutes(http: Http, { database }: { database: Database }): void {
  http.get(
    "/api/v1/outlets",
    {
      config: { right: "outlet.read" },
      schema: {
        tags,
        summary: "The outlets: all for an owner, their own for others",
        response: { 200: Type.Object({ outlets: Type.Array(OutletSchema) }), ...problems },
      },
    },
    async (request) => {
      const { merchantId, role, outletId } = staffOf(request);
      return {
        outlets: (await selectOutlets(database.kysely, merchantId))
          .filter((outlet) => role === "owner" || outlet.outletId === outletId)
          .map(outletBody),
      };
    },
  );

  http.post(
    "/api/v1/outlets",
    {
      config: { right: "outlet.manage" },
      schema: {
        tags,
        summary: "Open an outlet",
        body: NewOutletSchema,
        response: { 201: OutletSchema, ...problems },
      },
    },
    async (request, reply) => {
      const outlet = await makeOutlet(database, staffOf(request), request.body);
      return answer(request, reply, isRefusal(outlet) ? outlet : outletBody(outlet), 201);
    },
  );

  http.patch(
    "/api/v1/outlets/:id",
    {
      config: { right: "outlet.manage" },
      schema: {
        tags,
        summary: "Change an outlet",
        params: Type.Object({ id: IdSchema }),
        body: OutletChangeSchema,
        response: { 200: OutletSchema, ...problems },
      },
    },
    async (request, reply) => {
      const outlet = await changeOutlet(database, staffOf(request), request.params.id, request.body);
      return answer(request, reply, isRefusal(outlet) ? outlet : outletBody(outlet));
    },
  );
}

function outletBody(outlet: Outlet): OutletBody {
  return {
    id: outlet.outletId,
    name: outlet.name,
    address: outlet.address,
    phone: outlet.phone,
    time_zone: outlet.timeZone,
    day_begins: outlet.dayBegins.slice(0, 5),
    tax: taxChoiceOf(outlet.tax) ?? null,
    cash_rounding: { ...outlet.cashRounding },
    receipt_code: outlet.receiptCode,
    receipt_header: outlet.receiptHeader,
    receipt_footer: outlet.receiptFooter,
  };
}
