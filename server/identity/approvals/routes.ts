import { ApprovalSchema, isRefusal, NewApprovalSchema, ProblemSchema } from "@onegate/contract";
import { answer, type Database, type Http } from "../../kernel/index.ts";
import type { Refusals } from "../audit/refusals.ts";
import { staffOf, whoOf } from "../guard.ts";
import { giveApproval } from "./give-approval.ts";

export function approvalRoutes(
  http: Http,
  { database, refusals }: { database: Database; refusals: Refusals },
): void {
  http.post(
    "/api/v1/till/approvals",
    {
      config: { right: "approval.ask" },
      schema: {
        tags: ["till"],
        summary: "Have a second person approve an action by PIN",
        body: NewApprovalSchema,
        response: { 201: ApprovalSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const given = await giveApproval(database, staffOf(request), request.body);
      if (isRefusal(given)) {
        const { action, approver_id: approver } = request.body;
        refusals.note(
          whoOf(request),
          "approval.refused",
          given.refusal === "staff_unknown" ? "unknown" : approver,
          { right: action, reason: given.refusal },
        );
        return answer(request, reply, given);
      }
      const { approvalId, expiresAt, approver } = given;
      return answer(
        request,
        reply,
        {
          id: approvalId,
          expires_at: expiresAt.toISOString(),
          approver: { id: approver.staffId, name: approver.name },
        },
        201,
      );
    },
  );
}
