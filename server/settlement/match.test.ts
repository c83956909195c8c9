import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CASE_ACTIONS, caseLifecycle, nextOf, type CaseKind, type CaseState } from "./case.ts";
import { matchRows, unnamed, type Document, type Judged } from "./match.ts";
import { identityOf, type StatementRow } from "./statement.ts";

const DAY = "2026-11-20";
let count = 0;

function document(of: Partial<Document> & { name: string }): Document {
  return {
    kind: "payment",
    documentId: `document ${of.name} ${(count += 1)}`,
    references: [of.name],
    merchantRefs: [`OG ${of.name}`],
    gross: 2_500_000n,
    fee: 92_500n,
    day: DAY,
    named: false,
    ...of,
  };
}

function row(of: Partial<StatementRow> = {}): StatementRow {
  const line = (count += 1);
  const gross = of.gross ?? 2_500_000n;
  const fee = of.fee ?? 92_500n;
  const parts = {
    kind: "payment" as const,
    reference: "T1",
    merchantRef: null,
    paidDay: DAY,
    paidTime: null,
    settledDay: null,
    ...of,
    gross,
    fee,
    net: gross - fee,
  };
  return { rowId: `row ${line}`, line, raw: {}, identity: identityOf(parts), ...parts };
}

const outcomes = (judged: readonly Judged[]) => judged.map(({ outcome }) => outcome);

describe("a row", () => {
  it("a row is matched by the provider's reference, else by ours, at most a day apart", () => {
    const documents = [document({ name: "T1" }), document({ name: "T2" })];
    assert.deepEqual(
      outcomes(
        matchRows(
          [row(), row({ reference: null, merchantRef: "OG T2", paidDay: "2026-11-21" })],
          documents,
          new Set(),
        ),
      ),
      ["matched", "matched"],
    );
    assert.deepEqual(
      outcomes(matchRows([row({ reference: "T1", merchantRef: "OG T2" })], documents, new Set())),
      ["matched"],
      "the provider's reference takes precedence over ours",
    );
  });

  it("amount, fee and day are compared in this order", () => {
    const of = (change: Partial<StatementRow>) =>
      matchRows([row(change)], [document({ name: "T1" })], new Set())[0];
    assert.deepEqual(
      [
        of({ gross: 2_400_000n, fee: 1n, paidDay: "2026-11-30" })?.outcome,
        of({ fee: 100_000n, paidDay: "2026-11-30" })?.outcome,
        of({ paidDay: "2026-11-22" })?.outcome,
      ],
      ["amount_differs", "fee_differs", "day_differs"],
    );
    const fee = of({ fee: 100_000n });
    assert.deepEqual([fee?.grossOver, fee?.feeOver], [0n, 7_500n]);
  });

  it("an unknown row is missing_here; a row listed before, in any statement, is doubled", () => {
    const documents = [document({ name: "T1" }), document({ name: "T3", named: true })];
    const rows = [
      row(),
      row(),
      row({ reference: "T2" }),
      row({ reference: "T2" }),
      row({ reference: "T3" }),
      row({ reference: "T9" }),
    ];
    assert.deepEqual(outcomes(matchRows(rows, documents, new Set(["payment:T9"]))), [
      "matched",
      "doubled",
      "missing_here",
      "doubled",
      "doubled",
      "doubled",
    ]);
  });

  it("a refund's row is matched by payment and amount; adjustments have no document", () => {
    const refunds = [
      document({ name: "T1", kind: "refund", gross: -100_000n, fee: 0n }),
      document({ name: "T1", kind: "refund", gross: -50_000n, fee: 0n }),
    ];
    const back = (gross: bigint, paidTime: string) => row({ kind: "refund", gross, fee: 0n, paidTime });
    const judged = matchRows(
      [
        back(-50_000n, "10:00:00"),
        back(-100_000n, "11:00:00"),
        back(-100_000n, "12:00:00"),
        row({ kind: "adjustment", reference: null, gross: 0n, fee: 500_000n }),
        row(),
      ],
      [document({ name: "T1" }), ...refunds],
      new Set(),
    );
    assert.deepEqual(
      judged.map(({ outcome, document }) => [outcome, document?.gross]),
      [
        ["matched", -50_000n],
        ["matched", -100_000n],
        ["doubled", -100_000n],
        ["missing_here", undefined],
        ["matched", 2_500_000n],
      ],
    );
  });

  it("totals always tie: each row has one outcome, and equals its document plus the difference", () => {
    const names = fc.constantFrom("T1", "T2", "T3", "T4", "T5", "T6");
    const sums = fc.record({
      gross: fc.bigInt(1n, 3n),
      fee: fc.bigInt(0n, 2n),
      day: fc.constantFrom("2026-11-18", "2026-11-20", "2026-11-21"),
    });
    const rows = fc.array(
      fc.tuple(names, sums, fc.constantFrom("payment", "refund", "adjustment"), fc.boolean()),
      { maxLength: 20 },
    );
    const documents = fc.array(
      fc.tuple(names, sums, fc.constantFrom("payment", "suspense", "refund"), fc.boolean()),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        rows,
        documents,
        fc.subarray(["payment:T1", "payment:T2"]),
        (drawnRows, drawnDocuments, seen) => {
          const all = drawnRows.map(([name, { gross, fee, day }, kind, byOurs]) =>
            row({
              kind,
              reference: byOurs ? null : name,
              merchantRef: byOurs ? `OG ${name}` : null,
              gross: kind === "refund" ? -gross : gross,
              fee,
              paidDay: day,
            }),
          );
          const known = drawnDocuments.map(([name, { gross, fee, day }, kind, named]) =>
            document({ name, kind, gross: kind === "refund" ? -gross : gross, fee, day, named }),
          );
          const judged = matchRows(all, known, new Set(seen));
          assert.deepEqual(
            judged.map((one) => one.row),
            all,
            "each row once, in its order",
          );
          const over = (of: Judged[]) =>
            of.reduce((sum, { grossOver, feeOver }) => sum + grossOver - feeOver, 0n);
          const net = (of: ReadonlyArray<{ gross: bigint; fee: bigint }>) =>
            of.reduce((sum, { gross, fee }) => sum + gross - fee, 0n);
          const named = judged
            .filter(({ outcome }) => outcome !== "doubled" && outcome !== "missing_here")
            .map((one) => one.document!);
          assert.equal(net(all), net(named) + over(judged), "sum of the rows");
          const kinds = [
            "matched",
            "missing_here",
            "amount_differs",
            "fee_differs",
            "day_differs",
            "doubled",
          ] as const;
          assert.equal(
            net(all),
            kinds.reduce(
              (sum, kind) =>
                sum + net(judged.filter(({ outcome }) => outcome === kind).map((one) => one.row)),
              0n,
            ),
            "matched and each kind of case",
          );
          assert.equal(
            over(judged.filter(({ outcome }) => outcome === "matched" || outcome === "day_differs")),
            0n,
          );
          assert.equal(
            new Set(named.map(({ documentId }) => documentId)).size,
            named.length,
            "no document is settled twice",
          );
          assert.ok(named.every((one) => !one.named));
          const { missing, waiting } = unnamed(known, judged, "2026-11-19");
          assert.equal(
            net(known.filter((one) => !one.named)),
            net(named) + net(missing) + net(waiting),
            "sum of the documents",
          );
          assert.ok(
            missing.every(({ day }) => day <= "2026-11-19") && waiting.every(({ day }) => day > "2026-11-19"),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a case", () => {
  it("a case allows exactly these decisions", () => {
    const states: CaseState[] = [
      "open",
      "applied",
      "written_off",
      "refund_due",
      "refunded",
      "ignored",
      "arrived",
      "verified",
    ];
    const table = (Object.keys(caseLifecycle) as CaseKind[]).flatMap((kind) =>
      states.flatMap((state) =>
        [...CASE_ACTIONS, "arrive" as const].flatMap((event) => {
          const next = nextOf({ kind, state, grossOver: 1n }, event);
          return next ? [`${kind} ${state} ${event} → ${next}`] : [];
        }),
      ),
    );
    assert.deepEqual(table, [
      "missing_here open apply → applied",
      "missing_here open write_off → written_off",
      "missing_here open refund_later → refund_due",
      "missing_here open arrive → arrived",
      "missing_here refund_due refunded → refunded",
      "missing_there open write_off → written_off",
      "missing_there open ignore → ignored",
      "missing_there open arrive → arrived",
      "missing_there ignored write_off → written_off",
      "missing_there ignored arrive → arrived",
      "amount_differs open write_off → written_off",
      "amount_differs open refund_later → refund_due",
      "amount_differs refund_due refunded → refunded",
      "fee_differs open apply → applied",
      "day_differs open ignore → ignored",
      "doubled open write_off → written_off",
      "doubled open ignore → ignored",
      "unverified open write_off → written_off",
      "unverified open verify → verified",
      "unverified open arrive → arrived",
    ]);
    assert.equal(
      nextOf({ kind: "amount_differs", state: "open", grossOver: -1n }, "refund_later"),
      undefined,
      "without an excess there is nothing to refund",
    );
  });
});
