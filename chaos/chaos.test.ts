import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judge, type Asked, type Found } from "./history.ts";
import { play } from "./rounds.ts";

const requested = (id: string, heard: Asked["heard"], retried = false): Asked => ({
  id,
  amount: "1.00",
  source: "ACC_001",
  destination: "ACC_DST_DEF",
  heard,
  retried,
});
const row = (reference: string, change: Partial<Found> = {}): Found => ({
  reference,
  amount: "1.00",
  debit: "ACC_001",
  credit: "ACC_DST_DEF",
  ...change,
});

describe("the judge", () => {
  it("finds nothing wrong when acked transfers exist, whether or not unacked ones do", () => {
    assert.deepEqual(
      judge([requested("a", "acked"), requested("b", "open"), requested("c", "open")], [row("a"), row("b")]),
      { acked: 1, lost: [], doubled: [], unsettled: [], stray: [], wrong: [] },
    );
  });

  it("reports what is lost, changed, doubled, left open or never requested", () => {
    assert.deepEqual(judge([requested("a", "acked")], []).lost, ["a"]);
    assert.deepEqual(judge([requested("a", "acked")], [row("a", { amount: "2.00" })]).lost, ["a"]);
    assert.deepEqual(judge([requested("a", "acked")], [row("a", { credit: "ACC_SRC_ABC" })]).lost, ["a"]);
    assert.deepEqual(judge([requested("a", "open")], [row("a"), row("a")]).doubled, ["a"]);
    assert.deepEqual(judge([requested("a", "open", true)], []).unsettled, ["a"]);
    assert.deepEqual(judge([], [row("a")]).stray, ["a"]);
    assert.deepEqual(
      judge([requested("a", "refused")], [row("a")]).wrong,
      ["a"],
      "a refused transfer in the books is wrong",
    );
    assert.deepEqual(
      judge([requested("a", "open")], [row("a", { amount: "2.00" })]).wrong,
      ["a"],
      "an unanswered transfer that differs from its request is wrong",
    );
  });
});

describe("chaos", () => {
  it("faults 4, 5 and 24: ten kills under load lose and double nothing, and the books hold", async () => {
    const report = await play(10, 26);
    assert.deepEqual(
      {
        lost: report.lost,
        doubled: report.doubled,
        unsettled: report.unsettled,
        wrong: report.wrong,
        proof: report.proof,
        deadlocks: report.deadlocks,
        faults: report.faults,
      },
      { lost: 0, doubled: 0, unsettled: 0, wrong: 0, proof: "holds", deadlocks: 0, faults: [] },
    );
    assert.ok(report.acked > 200, `${report.acked} acknowledged`);
    assert.ok(
      Object.values(report.kills).every((count) => count > 0),
      `something was never killed: ${JSON.stringify(report.kills)}`,
    );
  });
});
