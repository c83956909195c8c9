import {
  newId,
  type OperationBody,
  type TokensBody,
  type WalletAccountBody,
  type WalletHistoryBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import type { Answer, TestProgram } from "./program.ts";

/** A wallet user in a test, over HTTP. */
export type TestUser = {
  readonly name: string;
  readonly token: string;
  get<T>(path: string): Promise<Answer<T>>;
  /** Posts with a new idempotency key unless one is given. */
  post<T = OperationBody>(path: string, body?: unknown, key?: string): Promise<Answer<T>>;
  /** The user's current rupiah account. */
  account(): Promise<WalletAccountBody>;
  history(query?: string): Promise<WalletHistoryBody["transactions"]>;
};

const PASSWORD = "Senja-di-Lembang-77";

function userOf(program: TestProgram, name: string, token: string): TestUser {
  const user: TestUser = {
    name,
    token,
    get: (path) => program.call("GET", path, { token }),
    post: (path, body, key = newId()) =>
      program.call("POST", path, {
        token,
        ...(body === undefined ? {} : { body }),
        headers: { "idempotency-key": key },
      }),
    async account() {
      const { body } = await user.get<{ account: WalletAccountBody }>("/api/v1/wallet");
      return body.account;
    },
    async history(query = "") {
      return ok(await user.get<WalletHistoryBody>(`/api/v1/wallet/history${query}`)).transactions;
    },
  };
  return user;
}

/** Signs in a demo user, such as `andi.contoh`. */
export async function demoUser(program: TestProgram, username: string): Promise<TestUser> {
  const { access_token: token } = ok(
    await program.call<TokensBody>("POST", "/api/auth/login", {
      body: { username, password: "rahasia-demo" },
    }),
  );
  return userOf(program, username, token);
}

let count = 0;
/** Registers a new user with unused names and signs in. */
export async function newUser(program: TestProgram): Promise<TestUser> {
  count += 1;
  const username = `dompet.${count}`;
  ok(
    await program.call("POST", "/api/auth/register", {
      body: {
        username,
        email: `${username}@contoh.invalid`,
        phone: `+62817${String(count).padStart(8, "0")}`,
        password: PASSWORD,
      },
    }),
  );
  const { access_token: token } = ok(
    await program.call<TokensBody>("POST", "/api/auth/login", { body: { username, password: PASSWORD } }),
  );
  return userOf(program, username, token);
}

/** Registers a new user with rupiah that `from` sends; `amount` is decimal text. */
export async function newUserWith(program: TestProgram, from: TestUser, amount: string): Promise<TestUser> {
  const user = await newUser(program);
  ok(await from.post("/api/v1/wallet/transfers", { to: user.name, amount, currency: "IDR" }));
  return user;
}

/** Signs in an operator: the demo shop's owner. */
export async function operator(program: TestProgram): Promise<TestUser> {
  return userOf(program, "Ratna", await program.unlock("Ratna", "333333"));
}

export function ok<T>({ status, body }: Answer<T>): T {
  assert.ok(status < 300, JSON.stringify(body));
  return body;
}
