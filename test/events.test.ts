import { EVENTS, type DomainTopic } from "@onegate/contract";
import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { deliver } from "../server/deliveries/enqueue.ts";
import { auditTrail } from "../server/identity/audit/append.ts";
import { SESSION_END_TOPICS } from "../server/identity/session-end.ts";
import { seal } from "../server/ledger/seal.ts";
import { ORDER_TOPICS } from "../server/payments/routes.ts";
import { rollup } from "../server/reports/rollup.ts";
import { TILL_TOPICS } from "../server/sales/routes.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REFERENCE = join(ROOT, "docs/reference/events.md");
const topics = Object.keys(EVENTS) as DomainTopic[];

/** The readers of events, and the prefixes of the topics they read. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  "till stream": TILL_TOPICS,
  "order stream": ORDER_TOPICS,
  webhooks: deliver.topics,
  reports: rollup.topics,
  "ledger seal": seal.topics,
  "audit trail": auditTrail.topics,
  "end of streams": SESSION_END_TOPICS,
};

const readersOf = (topic: string) =>
  Object.keys(READERS).filter((reader) => READERS[reader]?.some((prefix) => topic.startsWith(prefix)));

describe("events", () => {
  it("of every topic have a reader", () => {
    assert.deepEqual(
      topics.filter((topic) => readersOf(topic).length === 0),
      [],
    );
  });

  it("that a reader subscribes to exist", () => {
    const known = [...topics, "audit."];
    for (const [reader, prefixes] of Object.entries(READERS)) {
      for (const prefix of prefixes) {
        assert.ok(
          known.some((topic) => topic.startsWith(prefix)),
          `${reader} reads ${prefix}, but no topic begins with it`,
        );
      }
    }
  });

  it("of every topic are announced by the program", () => {
    const files = globSync("server/**/*.{ts,sql}", { cwd: ROOT }).filter(
      (file) => !file.includes(".test.") && !file.includes("node_modules"),
    );
    const source = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
    const isAnnounced = (topic: string) => {
      const family = topic.slice(0, topic.indexOf("."));
      return (
        new RegExp(`["'\`]${topic.replace(".", "\\.")}["'\`]`).test(source) ||
        source.includes(`\`${family}.\${`)
      );
    };
    assert.deepEqual(
      topics.filter((topic) => !isAnnounced(topic)),
      [],
    );
  });

  it("are listed in docs/reference/events.md", () => {
    const page = reference();
    if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(REFERENCE, page);
    assert.equal(
      readFileSync(REFERENCE, "utf8"),
      page,
      "run UPDATE_SNAPSHOTS=1 npm test -- test/events.test.ts and review the diff",
    );
  });
});

type Field = {
  type?: string;
  anyOf?: Field[];
  const?: string;
  format?: string;
  items?: Field;
  description?: string;
  properties?: object;
};

function typeOf(field: Field): string {
  if (field.anyOf) return field.anyOf.map(typeOf).join(" or ");
  if (field.const !== undefined) return `"${field.const}"`;
  if (field.type === "array") return `array of ${typeOf(field.items ?? {})}`;
  if (field.properties) return `{ ${Object.keys(field.properties).join(", ")} }`;
  if (field.format === "uuid") return "id";
  return [field.type ?? "any", ...(field.description ? [`(${field.description})`] : [])].join(" ");
}

function reference(): string {
  const section = (topic: DomainTopic) => {
    const { about, payload } = EVENTS[topic];
    const required: readonly string[] = payload.required ?? [];
    const rows = Object.entries(payload.properties as Record<string, Field>).map(
      ([name, field]) => `| \`${name}\` | ${typeOf(field)}${required.includes(name) ? "" : ", optional"} |`,
    );
    return [
      `## ${topic}`,
      "",
      `${about} Read by: ${readersOf(topic).join(", ")}.`,
      "",
      "| Field | Type |",
      "| --- | --- |",
      ...rows,
      "",
    ];
  };
  return [
    "# Events",
    "",
    "Generated from `contract/events.ts` by `test/events.test.ts`. " +
      "An event is written to the outbox in the transaction of the",
    "fact it announces. Its subject is the id of what it is about. Sums are minor units as text.",
    "",
    "A webhook carries ids, states and sums of these fields, " +
      "and sums in the API's form (`{ amount, currency }`); names and",
    "notes stay inside (`server/deliveries/message.ts`). " +
      "The audit trail reads events `audit.<action>`, whose fields are in",
    "`docs/guides/audit.md`.",
    "",
    ...topics.flatMap(section),
  ].join("\n");
}
