import { IDR, ProblemSchema, TodaySchema } from "@onegate/contract";
import { outlets, outletScopeOf, staffOf } from "../identity/index.ts";
import { answer, type Database, type Http } from "../kernel/index.ts";
import { today } from "./today.ts";

export function reportRoutes(http: Http, database: Database): void {
  http.get(
    "/api/v1/till/reports/today",
    {
      config: { right: "report.read", service: "reports" },
      schema: {
        tags: ["till"],
        summary: "The business day so far",
        response: { 200: TodaySchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const { merchantId, outletId } = staffOf(request);
      const outlet = (await outlets(database.kysely, merchantId)).find(
        (candidate) => candidate.outletId === outletId,
      );
      if (!outlet) throw new Error("a member of staff has no outlet");
      return answer(request, reply, await today(database, outlet, IDR, outletScopeOf(request)));
    },
  );
}
