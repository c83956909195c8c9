import { AuditPageSchema, ProblemSchema } from "@onegate/contract";
import { Readable } from "node:stream";
import { Type } from "typebox";
import { inTransaction, type Database, type Http } from "../../kernel/index.ts";
import type { SignedHeads } from "../../ledger/index.ts";
import { merchantOf, staffOf, whoOf } from "../guard.ts";
import { announceAudit } from "./announce-audit.ts";
import { exportLines, partOf } from "./export.ts";
import { selectNewestEntries } from "./store.ts";

const tags = ["audit"];
const DEFAULT_PAGE_SIZE = 50;
const Seq = Type.String({ pattern: "^[1-9][0-9]{0,14}$" });
const Id80 = Type.String({ minLength: 1, maxLength: 80 });

/** The merchant's audit trail. `sign` returns null if the signing key can't be read. */
export function auditRoutes(
  http: Http,
  { database, sign }: { database: Database; sign: (statement: string) => SignedHeads | null },
): void {
  const { kysely } = database;

  http.get(
    "/api/v1/audit",
    {
      config: { right: "audit.read" },
      schema: {
        tags,
        summary: "Who did what, newest first; a manager sees their own outlet's",
        querystring: Type.Object({
          before: Type.Optional(Seq),
          limit: Type.Optional(
            Type.String({ pattern: "^([1-9][0-9]?|1[0-9]{2}|200)$", description: "up to 200 [50]" }),
          ),
          action: Type.Optional(Type.String({ pattern: "^[a-z_.]{1,57}$" })),
          actor: Type.Optional(Id80),
          subject: Type.Optional(Id80),
        }),
        response: { 200: AuditPageSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const { before, limit, ...filter } = request.query;
      const { role, merchantId, outletId } = staffOf(request);
      const max = Number(limit ?? DEFAULT_PAGE_SIZE);
      const entries = await selectNewestEntries(
        kysely,
        merchantId,
        {
          ...filter,
          ...(before ? { before: Number(before) } : {}),
          ...(role === "owner" ? {} : { outletId }),
        },
        max,
      );
      return { entries, next: entries.length === max ? (entries.at(-1)?.seq ?? null) : null };
    },
  );

  http.get(
    "/api/v1/audit/export",
    {
      config: { right: "audit.export", statements: "report" },
      schema: {
        tags,
        summary:
          "The trail from one number to another as JSON Lines, " +
          "for scripts/verify-audit.ts (docs/guides/audit.md)",
        querystring: Type.Object({ from: Type.Optional(Seq), to: Type.Optional(Seq) }),
        response: {
          200: {
            description: "A header, then an entry a line",
            content: { "application/x-ndjson": { schema: Type.Unsafe<Readable>({ type: "string" }) } },
          },
          "4xx": ProblemSchema,
        },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      const part = await partOf(
        kysely,
        merchantId,
        Number(request.query.from ?? 1),
        request.query.to ? Number(request.query.to) : undefined,
      );
      await inTransaction(database, (tx) =>
        announceAudit(tx, whoOf(request), {
          action: "audit.exported",
          subject: merchantId,
          after: { from_seq: part.from, to_seq: part.to },
        }),
      );
      return reply
        .header("content-type", "application/x-ndjson")
        .header("cache-control", "no-store")
        .header("content-disposition", `attachment; filename="audit-${part.from}-${part.to}.jsonl"`)
        .send(Readable.from(exportLines(kysely, merchantId, part, sign)));
    },
  );
}
