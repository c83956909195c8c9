import {
  IDR,
  newId,
  type CatalogueBody,
  type SaleBody,
  type SettlementCaseBody,
  type StatementBody,
  type StatementRowBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { CAFE, DEMO_MERCHANT } from "../../demo/index.ts";
import { insertMerchant, insertOutlet, insertStaff } from "../../identity/index.ts";
import { newToken } from "../../identity/secret.ts";
import { openTestSession } from "../../testing/session.ts";
import { inTransaction } from "../../kernel/index.ts";
import { balanceByCode } from "../../ledger/index.ts";
import { proveBooks } from "../../proof.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../../testing/program.ts";
import { until } from "../../testing/until.ts";

/** A payment as a provider's statement lists it; amounts in whole rupiah. */
export type Told = {
  readonly reference: string;
  readonly gross: number;
  readonly fee: number;
  readonly day: string;
  readonly kind?: string;
};
export type PaidSale = Told & { readonly sale: SaleBody; readonly paymentId: string };

/** The demo shop with its sales, its provider's statements and its operator. */
export type TestShop = {
  readonly program: TestProgram;
  readonly owner: string;
  readonly manager: string;
  readonly cashier: string;
  /** Today in the shop's zone. */
  readonly today: string;
  wait(name: string): Promise<PaidSale>;
  pay(sale: PaidSale): Promise<PaidSale>;
  /** A sale by QRIS that was paid. */
  sold(name: string): Promise<PaidSale>;
  cash(name: string): Promise<SaleBody>;
  send(csv: string, query?: string, token?: string): ReturnType<TestProgram["call"]>;
  imported(rows: readonly Told[]): Promise<StatementBody>;
  rows(statement: StatementBody): Promise<StatementRowBody[]>;
  cases(query?: string): Promise<SettlementCaseBody[]>;
  decide(
    id: string,
    body: Record<string, unknown>,
    key?: string,
    token?: string,
  ): ReturnType<TestProgram["call"]>;
  /** The session of another merchant's owner. */
  stranger(): Promise<string>;
  /** In minor units; a debit is negative. */
  balance(code: string): Promise<bigint>;
  assertTies(statement: StatementBody): void;
  assertBooksHold(): Promise<void>;
};

export const HEADER = "reference,kind,gross,fee,net,paid_day";

export function csv(rows: readonly Told[]): string {
  return [
    HEADER,
    ...rows.map(({ reference, kind = "payment", gross, fee, day }) =>
      [reference, kind, gross, fee, gross - fee, day].join(","),
    ),
  ].join("\n");
}

/** `days` before a day, `YYYY-MM-DD`. */
export function before(day: string, days: number): string {
  return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
}

export async function openShop(): Promise<TestShop> {
  const program = await openTestProgram();
  const [cashier, manager, owner] = [
    await program.unlock("Sari", "111111"),
    await program.unlock("Bima", "222222"),
    await program.unlock("Ratna", "333333"),
  ];
  const catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier }))
    .body;
  const {
    rows: [now],
  } = await program.database.pool.query<{ today: string }>(
    "select (now() at time zone 'Asia/Jakarta')::date as today",
  );
  const readSale = async (id: string) =>
    (await program.call<SaleBody>("GET", `/api/v1/till/sales/${id}`, { token: cashier })).body;
  const minor = (wire: { amount: string }) => BigInt(wire.amount.replace(".", ""));

  const shop: TestShop = {
    program,
    cashier,
    manager,
    owner,
    today: now!.today,
    async wait(name) {
      const { body } = await sell(program, cashier, newSale(catalogue, [name], "QRIS"));
      const [tender] = body.tenders;
      assert.ok(tender?.reference, JSON.stringify(body));
      const {
        rows: [fee],
      } = await program.database.pool.query<{ fee: bigint }>(
        "select fee_merchant as fee from payment where payment_id = $1",
        [tender.payment_id],
      );
      return {
        sale: body,
        paymentId: tender.payment_id,
        reference: tender.reference,
        gross: Number(minor(body.total) / 100n),
        fee: Number((fee?.fee ?? 0n) / 100n),
        day: shop.today,
      };
    },
    async pay(sale) {
      await program.lever("POST", `transactions/${sale.reference}/pay`);
      return {
        ...sale,
        sale: await until(
          () => readSale(sale.sale.id),
          ({ state }) => state === "paid",
        ),
      };
    },
    sold: async (name) => shop.pay(await shop.wait(name)),
    cash: async (name) => (await sell(program, cashier, newSale(catalogue, [name], "exact"))).body,
    send: (text, query = "provider=tripay&layout=plain", token = owner) =>
      program.call("POST", `/api/v1/settlement/statements?${query}`, {
        token,
        raw: text,
        headers: { "content-type": "text/csv" },
      }),
    async imported(rows) {
      const { status, body } = await shop.send(csv(rows));
      assert.equal(status, 201, JSON.stringify(body));
      return body as StatementBody;
    },
    rows: async ({ id }) =>
      (
        await program.call<{ rows: StatementRowBody[] }>("GET", `/api/v1/settlement/statements/${id}`, {
          token: manager,
        })
      ).body.rows,
    cases: async (query = "state=open") =>
      (
        await program.call<{ cases: SettlementCaseBody[] }>("GET", `/api/v1/settlement/cases?${query}`, {
          token: manager,
        })
      ).body.cases,
    decide: (id, body, key = newId(), token = owner) =>
      program.call("POST", `/api/v1/settlement/cases/${id}/decisions`, {
        token,
        body,
        headers: { "idempotency-key": key },
      }),
    async stranger() {
      const [merchantId, outletId, staffId] = [newId(), newId(), newId()];
      const { token, hash } = newToken();
      await inTransaction(program.database, async (tx) => {
        await insertMerchant(tx, { merchantId, name: "Toko Lain", currency: IDR, isDemo: false });
        await insertOutlet(tx, {
          ...CAFE.outlet,
          merchantId,
          outletId,
          tax: undefined,
          cashRounding: { unit: 0, direction: "down" },
        });
        await insertStaff(tx, merchantId, outletId, { staffId, name: "Wati", role: "owner" }, "none");
        await openTestSession(tx, { merchantId, outletId, staffId }, hash);
      });
      return token;
    },
    balance: async (code) =>
      (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n,
    assertTies({ rows, gross, fee, net, by_outcome: outcomes }) {
      const sum = (of: "gross" | "fee" | "net") =>
        outcomes.reduce((total, one) => total + minor(one[of]), 0n);
      assert.deepEqual(
        [outcomes.reduce((total, one) => total + one.rows, 0), sum("gross"), sum("fee"), sum("net")],
        [rows, minor(gross), minor(fee), minor(net)],
      );
    },
    async assertBooksHold() {
      assert.deepEqual((await proveBooks(program.database)).breaches, []);
    },
  };
  return shop;
}
