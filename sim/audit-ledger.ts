import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import { prove } from "../server/ledger/index.ts";
import type { Book } from "./book.ts";
import type { Stage } from "./stage.ts";

/** Compares the ledger's tables with the auditor's books; both are read in full. */
export async function auditLedger(stage: Stage): Promise<void> {
  const { world, auditor } = stage;
  for (const { rule, subject, detail } of (await prove({ kysely: world.eye })).breaches)
    auditor.report("breaches", `${rule}: ${subject} ${detail}`);
  await auditBook(stage, stage.merchant, stage.book);
  await auditBook(stage, stage.crowdMerchant, stage.crowdBook);
}

async function auditBook({ world, auditor }: Stage, merchant: Id, book: Book): Promise<void> {
  const { rows: transfers } = await sql<{ id: Id; debit: Id; credit: Id; minor: bigint; entries: bigint }>`
    select t.transfer_id as id, t.debit_account_id as debit, t.credit_account_id as credit, t.amount as minor,
           (select count(*) from ledger_entry e
             where e.merchant_id = t.merchant_id and e.transfer_id = t.transfer_id) as entries
      from ledger_transfer t where t.merchant_id = ${merchant}`.execute(world.eye);
  const found = new Map(transfers.map((transfer) => [transfer.id, transfer]));
  for (const { id, debit, credit, minor } of book.transfers.values()) {
    const there = found.get(id);
    const right =
      there?.debit === debit && there.credit === credit && there.minor === minor && there.entries === 2n;
    auditor.expect("acknowledged", right, () => `${id}: ${there ? "differs" : "is missing"}`);
  }
  for (const { id } of transfers) auditor.expect("unasked", book.transfers.has(id), () => `${id} exists`);

  const { rows: balances } = await sql<{ id: Id; posted: bigint; held: bigint }>`
    select account_id as id, posted, held from ledger_balance where merchant_id = ${merchant}`.execute(
    world.eye,
  );
  for (const { id, posted, held } of balances) {
    const account = book.accounts.get(id);
    auditor.equal("balances", `posted on ${id}`, posted, account?.posted);
    auditor.equal("balances", `held on ${id}`, held, account?.held);
    auditor.expect(
      "floor",
      account?.floor !== true || posted - held >= 0n,
      () => `${id}: ${posted} posted, ${held} held`,
    );
  }

  const { rows: holds } = await sql<{ id: Id; minor: bigint; settled: bigint; state: string }>`
    select hold_id as id, amount as minor, settled, state
      from ledger_hold where merchant_id = ${merchant}`.execute(world.eye);
  auditor.equal("acknowledged", "holds", holds.length, book.holds.size);
  for (const { id, minor, settled, state } of holds) {
    const hold = book.holds.get(id);
    auditor.equal(
      "acknowledged",
      `hold ${id}`,
      `${minor} ${settled} ${state}`,
      hold && `${hold.minor} ${hold.settled} ${hold.state}`,
    );
  }
}
