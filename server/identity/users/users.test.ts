import {
  checkedToPhone,
  isRefusal,
  money,
  IDR,
  newId,
  type KeysBody,
  type ProfileBody,
  type TokensBody,
  type TotpBody,
  type UserSessionsBody,
} from "@onegate/contract";
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT, type CryptoKey, type JWK } from "jose";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { TOTP } from "otpauth";
import { DEMO_MERCHANT } from "../../demo/index.ts";
import { readSettings, StartFailure } from "../../kernel/index.ts";
import { accountId, createLedger } from "../../ledger/index.ts";
import { openTestProgram, type Answer, type TestProgram } from "../../testing/program.ts";
import { until } from "../../testing/until.ts";
import { networkOf } from "../origin.ts";
import { createSecretBox } from "../secret-box.ts";
import { needsOpenSession } from "./open-session.ts";
import { openSigningKeys } from "./signing-key.ts";
import { checkedToEmail, checkedToUsername, toSignInName } from "./user.ts";

const PASSWORD = "Senja-di-Lembang-77";
const DEMO = { username: "andi.contoh", password: "rahasia-demo" };

let program: TestProgram;
before(async () => {
  // trusts proxies, so that a test can use another address
  program = await openTestProgram({ environment: { TRUST_PROXY: "loopback" } });
});
after(() => program.close());

let count = 0;
/** A new user with unused names. */
function newUser(change: object = {}) {
  count += 1;
  return {
    username: `tamu.${count}`,
    email: `tamu.${count}@contoh.invalid`,
    phone: `+62813${String(count).padStart(8, "0")}`,
    password: PASSWORD,
    ...change,
  };
}
const registerAs = (body: object) =>
  program.call<{ id: string; username: string }>("POST", "/api/auth/register", { body });
const login = (username: string, password = PASSWORD, more: { totp?: string; from?: string } = {}) =>
  program.call<TokensBody>("POST", "/api/auth/login", {
    body: { username, password, ...(more.totp === undefined ? {} : { totp: more.totp }) },
    headers: { "user-agent": "uji/1", ...(more.from ? { "x-forwarded-for": more.from } : {}) },
  });
const refresh = (token: string) =>
  program.call<TokensBody>("PUT", "/api/auth/refresh", { body: { refresh_token: token } });
const profile = (token: string) => program.call<ProfileBody>("GET", "/api/auth/profile", { token });
const sessions = async (token: string) =>
  (await program.call<UserSessionsBody>("GET", "/api/auth/sessions", { token })).body.sessions;
/** A metric of password hashing: `total`, `running` or `waiting`. */
const hashed = async (what: string) =>
  Number(
    new RegExp(`^password_hashes_${what} (\\d+)$`, "m").exec(
      await (await fetch(`${program.url}/metrics`)).text(),
    )?.[1],
  );
const query = async <T extends object>(text: string, values: unknown[] = []) =>
  (await program.database.pool.query<T>(text, values)).rows;

async function signedIn(
  change: object = {},
): Promise<{ user: ReturnType<typeof newUser>; id: string; tokens: TokensBody }> {
  const user = newUser(change);
  const registered = await registerAs(user);
  assert.equal(registered.status, 201, JSON.stringify(registered.body));
  return { user, id: registered.body.id, tokens: ok(await login(user.username, user.password)) };
}

function ok<T>({ status, body }: Answer<T>): T {
  assert.ok(status < 300, JSON.stringify(body));
  return body;
}

describe("a name", () => {
  it("a name has one normalized spelling, however it is typed", () => {
    for (const typed of ["andi@contoh.id", " Andi@Contoh.ID ", "ａｎｄｉ@contoh．id"])
      assert.equal(checkedToEmail(typed), "andi@contoh.id", typed);
    assert.equal(checkedToEmail("andi@kopi-é.id"), "andi@xn--kopi--fsa.id");
    for (const typed of [
      "0812-0000-0001",
      "62 812 0000 0001",
      "+62 (0)812 0000 0001",
      "0062 812 0000 0001",
      "+62081200000001",
      "0062081200000001",
      "62081200000001",
      "+6281200000001",
      "＋６２ 812 0000‐0001",
    ])
      assert.equal(checkedToPhone(typed), "+6281200000001", typed);
    assert.equal(checkedToPhone("+65 6123 4567"), "+6561234567");
    assert.equal(checkedToUsername(" Andi.Contoh "), "andi.contoh");
    assert.deepEqual(toSignInName("0812 0000 0001"), { kind: "phone", value: "+6281200000001" });
    assert.deepEqual(toSignInName("ANDI@contoh.id"), { kind: "email", value: "andi@contoh.id" });
    assert.deepEqual(toSignInName("Andi"), { kind: "username", value: "andi" });
  });

  it("an invalid name is refused", () => {
    for (const typed of [
      "",
      "ab",
      "1andi",
      "081200000001",
      "an di",
      "andi@",
      "x".repeat(51),
      "андрей",
      "andi\u0000",
    ])
      assert.ok(isRefusal(checkedToUsername(typed)), typed);
    for (const typed of [
      "",
      "andi",
      "@contoh.id",
      "andi@contoh",
      "an di@contoh.id",
      "a@b@contoh.id",
      "andi@1.2.3.4",
      "andi\u0000@contoh.id",
      `${"x".repeat(65)}@contoh.id`,
      "\ud800@contoh.id",
      "x".repeat(1_000_000),
    ])
      assert.ok(isRefusal(checkedToEmail(typed)), typed.slice(0, 30));
    for (const typed of [
      "",
      "08",
      "8120000000",
      "+0812000000",
      "0812x0000001",
      "٠٨١٢٠٠٠٠٠٠٠١",
      "+62812000000011111",
    ])
      assert.ok(isRefusal(checkedToPhone(typed)), typed);
    assert.equal(toSignInName("\u0000"), undefined);
  });

  it("a network is an IPv4 address or the first half of an IPv6 address", () => {
    assert.equal(networkOf("203.0.113.7"), "203.0.113.7");
    for (const address of ["2001:db8::7", "2001:0DB8:0:0:1::9"])
      assert.equal(networkOf(address), "2001:db8:0:0::/64");
    assert.equal(networkOf("::1"), "0:0:0:0::/64");
  });
});

describe("a registration", () => {
  it("a registered user can sign in by each name and read their own profile", async () => {
    const user = newUser({ username: "Rina.Contoh", email: "Rina@Contoh.Invalid", phone: "0811-222-3333" });
    const registered = await registerAs(user);
    assert.equal(registered.status, 201);
    assert.deepEqual(registered.body, { id: registered.body.id, username: "rina.contoh" });
    for (const name of ["rina.contoh", "RINA.contoh", "rina@contoh.invalid", "+62 811 222 3333"]) {
      const { access_token: token, token_type: type, expires_in: seconds } = ok(await login(name));
      assert.deepEqual([type, seconds], ["Bearer", 900]);
      const { id, username, email, phone, totp } = ok(await profile(token));
      assert.deepEqual(
        { id, username, email, phone, totp },
        {
          id: registered.body.id,
          username: "rina.contoh",
          email: "rina@contoh.invalid",
          phone: "+628112223333",
          totp: false,
        },
      );
    }
  });

  it("a registration is refused with the right code, in order", async () => {
    const refused = async (change: object) => (await registerAs({ ...newUser(), ...change })).code;
    assert.equal(
      await refused({ username: "1x", email: "x", phone: "x", password: "x" }),
      "username_invalid",
    );
    assert.equal(await refused({ email: "x", phone: "x", password: "x" }), "email_invalid");
    assert.equal(await refused({ phone: "x", password: "x" }), "phone_invalid");
    assert.equal(await refused({ password: "Ab1-efg" }), "password_length");
    assert.equal(await refused({ password: "ä".repeat(129) }), "password_length");
    assert.equal(await refused({ role: "owner" }), "request_invalid");
    assert.equal(await refused({ password: undefined }), "request_invalid");
    const taken = newUser();
    ok(await registerAs(taken));
    assert.equal(await refused({ ...taken, password: "password123" }), "password_common");
    assert.equal(await refused(taken), "username_taken");
    assert.equal(await refused({ email: taken.email, phone: taken.phone }), "email_taken");
    assert.equal(await refused({ phone: taken.phone }), "phone_taken");
  });

  it("common passwords and the user's own names are refused", async () => {
    for (const password of [
      "password",
      "Password1",
      "P@ssw0rd",
      "12345678",
      "qwerty123",
      "iloveyou",
      "bismillah",
      "aaaaaaaa",
      "abcd1234",
      "password".repeat(16),
    ])
      assert.equal((await registerAs(newUser({ password }))).code, "password_common", password);
    assert.equal(
      (await registerAs(newUser({ username: "wahyuningtyas", password: "Wahyuningtyas1" }))).code,
      "password_common",
    );
    ok(await registerAs(newUser({ password: "kuda baterai staples benar" })));
    ok(await registerAs(newUser({ password: "пароль-на-вечер-99" })));
  });

  it("taken names are refused in other spellings too, also from concurrent registrations", async () => {
    const user = newUser({
      username: "sekar.wangi",
      email: "sekar@contoh.invalid",
      phone: "+6281577770001",
    });
    const results = await Promise.all(Array.from({ length: 6 }, () => registerAs(user)));
    assert.deepEqual(
      results.map(({ status }) => status).sort((a, b) => a - b),
      [201, 409, 409, 409, 409, 409],
    );
    for (const username of ["SEKAR.WANGI", " sekar.wangi ", "ｓｅｋａｒ.wangi"])
      assert.equal((await registerAs(newUser({ username }))).code, "username_taken", username);
    for (const email of ["Sekar@CONTOH.invalid", " sekar@contoh.invalid", "ｓekar@contoh.invalid"])
      assert.equal((await registerAs(newUser({ email }))).code, "email_taken", email);
    for (const phone of ["081577770001", "6281577770001", "+62 815-7777-0001", "+62 (0)815 7777 0001"])
      assert.equal((await registerAs(newUser({ phone }))).code, "phone_taken", phone);
  });
});

describe("a sign-in", () => {
  it("a demo user signs in with the demo password", async () => {
    const { access_token: token } = ok(await login(DEMO.username, DEMO.password));
    assert.equal(ok(await profile(token)).email, "andi@contoh.invalid");
    ok(await login(DEMO.username, DEMO.password, { from: "not an address" }));
  });

  it("a wrong password and an unknown user get the same answer after the same work", async () => {
    const { user } = await signedIn();
    for (const username of [user.username, "nobody.here", "nobody@contoh.invalid", "+628999999999", "!"]) {
      const before = await hashed("total");
      const answer = await login(username, "Not-the-password-1");
      assert.equal(answer.code, "credentials_wrong", username);
      assert.equal(await hashed("total"), before + 1, `${username}: a hash is computed`);
    }
  });

  it("a sign-in or registration with a password of 1 MB is refused without hashing", async () => {
    const password = "x".repeat(60_000);
    const before = await hashed("total");
    assert.equal((await registerAs(newUser({ password }))).code, "password_length");
    assert.equal((await login(DEMO.username, password)).code, "credentials_wrong");
    assert.equal((await registerAs(newUser({ password: "x".repeat(1_000_000) }))).code, "request_too_large");
    assert.equal((await login(DEMO.username, "x".repeat(1_000_000))).code, "request_too_large");
    assert.equal(await hashed("total"), before);
    ok(await login(DEMO.username, DEMO.password));
  });

  it("ten wrong passwords, even concurrent ones, delay a sign-in; a right one resets the count", async () => {
    const { user } = await signedIn();
    const wrong = () => login(user.username, "Not-the-password-1", { from: "203.0.113.7" });
    const answers = await Promise.all(Array.from({ length: 25 }, wrong));
    const looked = answers.filter(({ code }) => code === "credentials_wrong").length;
    // ten free tries, the one that starts the first pause of a second, and on a slow machine some after it
    assert.ok(looked >= 11 && looked < 20, `${looked} were looked at`);
    // lengthens the pause, so that it cannot end before it is checked
    await query(
      `update sign_in_try set delayed_until = now() + interval '3 seconds'
         where delayed_until > now() - interval '30 seconds'`,
    );
    const delayed = await login(user.username, user.password, { from: "203.0.113.7" });
    assert.equal(delayed.code, "sign_in_delayed");
    assert.ok(Number(delayed.headers.get("retry-after")) >= 1);
    await until(
      () => login(user.username, user.password, { from: "203.0.113.7" }),
      ({ status }) => status === 200,
    );
    for (let i = 0; i < 5; i++) assert.equal((await wrong()).code, "credentials_wrong");
  });

  it("tries from other addresses don't keep a user from signing in", async () => {
    const { user } = await signedIn();
    // a botnet has used up the account's tries, which does not count at an address where the user is signed
    // in
    const subject = (id: string) => createHash("sha256").update(`account\u0000${id}`).digest("hex");
    const [row] = await query<{ id: string }>("select id from users where username = $1", [user.username]);
    await query(
      `insert into sign_in_try (subject, tries, delayed_until)
        values ($1, 60, now() + interval '1 minute')
        on conflict (subject) do update set tries = 60, delayed_until = excluded.delayed_until`,
      [subject(row?.id ?? "")],
    );
    assert.equal(
      (await login(user.username, user.password, { from: "198.51.100.9" })).code,
      "sign_in_delayed",
    );
    ok(await login(user.username, user.password));
  });

  it("a sign-in is never delayed for more than 15 minutes, and wrong tries are forgotten", async () => {
    const { user } = await signedIn();
    await login(user.username, "Not-the-password-1");
    const mine = `
      select subject, tries, extract(epoch from delayed_until - clock_timestamp())::float as seconds
        from sign_in_try
       where tries > 500`;
    await query(
      "update sign_in_try set tries = 1000 where tried_at = (select max(tried_at) from sign_in_try)",
    );
    await login(user.username, "Not-the-password-1");
    const [worst] = await query<{ subject: string; seconds: number }>(mine);
    assert.ok(worst && worst.seconds > 890 && worst.seconds <= 900, JSON.stringify(worst));
    await query(
      `update sign_in_try
           set delayed_until = now() - interval '900 seconds', tried_at = now() - interval '900000 seconds'
         where subject = $1`,
      [worst.subject],
    );
    await login(user.username, "Not-the-password-1");
    assert.deepEqual(
      await query("select tries from sign_in_try where subject = $1", [worst.subject]),
      [{ tries: 2 }],
      "one try is forgotten per quarter of an hour",
    );
  });

  it("few hashes are computed at once, and other requests continue", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `nobody.${i}`);
    let isDone = false;
    const all = Promise.all(
      names.map((name) => login(name, PASSWORD, { from: `192.0.2.${name.length}` })),
    ).finally(() => (isDone = true));
    const running: number[] = [];
    let answered = 0;
    while (!isDone) {
      running.push(await hashed("running"));
      if ((await fetch(`${program.url}/readyz`)).ok) answered += 1;
    }
    await all;
    assert.ok(Math.max(...running) >= 1 && Math.max(...running) <= 2, String(running));
    assert.ok(answered >= 3, `${answered} others were answered meanwhile`);
    assert.deepEqual([await hashed("running"), await hashed("waiting")], [0, 0]);
  });
});

describe("an access token", () => {
  /** The current signing key, opened as the program opens it. */
  async function signingKey(): Promise<{ kid: string; privateKey: CryptoKey; publicJwk: JWK }> {
    const [row] = await query<{ kid: string; public_jwk: JWK; private_jwk: Buffer }>(
      "select kid, public_jwk, private_jwk from signing_key where retired_at is null",
    );
    assert.ok(row);
    const text =
      createSecretBox(readSettings({}).secretKey).open(row.private_jwk, `signing_key ${row.kid}`) ?? "";
    return {
      kid: row.kid,
      privateKey: (await importJWK(JSON.parse(text) as JWK, "EdDSA")) as CryptoKey,
      publicJwk: row.public_jwk,
    };
  }

  it("an access token names user, session and merchant, and is signed with a published key", async () => {
    const { tokens, id } = await signedIn();
    const { typ, alg, kid } = decodeProtectedHeader(tokens.access_token);
    assert.deepEqual([typ, alg], ["at+jwt", "EdDSA"]);
    const claims = decodeJwt(tokens.access_token);
    assert.deepEqual(
      [claims.iss, claims.aud, claims.sub, claims["merchant_id"], (claims.exp ?? 0) - (claims.iat ?? 0)],
      ["urn:onegate", "urn:onegate:api", id, DEMO_MERCHANT, 900],
    );
    const { body, headers } = await program.call<KeysBody>("GET", "/.well-known/jwks.json");
    assert.equal(headers.get("cache-control"), "public, max-age=300");
    const [published] = body.keys.filter((key) => key.kid === kid);
    assert.deepEqual(
      Object.keys(published ?? {}).sort(),
      ["alg", "crv", "kid", "kty", "use", "x"],
      "no private key material",
    );
  });

  it("an access token grants a user's rights and nothing else", async () => {
    const { tokens } = await signedIn();
    assert.equal(
      (await program.call("GET", "/api/v1/till/catalogue", { token: tokens.access_token })).code,
      "forbidden",
    );
    assert.equal(
      (await program.call("GET", "/api/v1/till/reports/today", { token: tokens.access_token })).code,
      "forbidden",
    );
    const cashier = await program.unlock("Sari", "111111");
    assert.equal((await profile(cashier)).code, "forbidden");
  });

  it("fault 33: a forged, expired or unsigned token, or one for another purpose, is refused", async () => {
    const { tokens, id } = await signedIn();
    ok(await profile(tokens.access_token));
    const { kid, privateKey, publicJwk } = await signingKey();
    const good = decodeJwt(tokens.access_token);
    const token = (claims: object = {}, header: object = {}, key: CryptoKey | Uint8Array = privateKey) =>
      new SignJWT({ ...good, ...claims })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid, ...header })
        .sign(key);
    ok(await profile(await token()));
    const now = Math.floor(Date.now() / 1000);
    const other = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const otherJwk = await crypto.subtle.exportKey("jwk", other.publicKey);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [head = "", body = "", signature = ""] = tokens.access_token.split(".");
    const forged = {
      expired: await token({ exp: now - 1 }),
      "without an expiry": await token({ exp: undefined }),
      "expiry that is no number": `${head}.${encode({ ...good, exp: "never" })}.${signature}`,
      "another audience": await token({ aud: "urn:onegate:partners" }),
      "another issuer": await token({ iss: "https://evil.invalid" }),
      "another kind": await token({}, { typ: "JWT" }),
      "no kind": await token({}, { typ: undefined }),
      "no user": await token({ sub: undefined }),
      "a user who is no id": await token({ sub: "' or 1=1 --" }),
      "no session": await token({ sid: undefined }),
      "another key": await token({}, {}, other.privateKey),
      "another key that it brings along": await token({}, { jwk: otherJwk }, other.privateKey),
      "an unknown key": await token({}, { kid: "unknown" }, other.privateKey),
      "no key id": await token({}, { kid: undefined }),
      "not yet": await token({ nbf: now + 60 }),
      "critical header":
        encode({ alg: "EdDSA", typ: "at+jwt", kid, crit: ["x"], x: 1 }) + `.${body}.${signature}`,
      "alg none": `${encode({ alg: "none", typ: "at+jwt", kid })}.${body}.`,
      "alg none, with the signature": `${encode({ alg: "none", typ: "at+jwt", kid })}.${body}.${signature}`,
      "HS256 with the public key as JSON": await token(
        {},
        { alg: "HS256" },
        new TextEncoder().encode(JSON.stringify(publicJwk)),
      ),
      "HS256 with the public key's bytes": await token(
        {},
        { alg: "HS256" },
        Buffer.from(publicJwk.x ?? "", "base64url"),
      ),
      "another user under the same signature": `${head}.${encode({ ...good, sub: newId() })}.${signature}`,
      "signature cut": `${head}.${body}.${signature.slice(0, -2)}`,
      "signature missing": `${head}.${body}.`,
      "too long": await token({ more: "x".repeat(5_000) }),
      "no JSON": "a.b.c",
      "the refresh token": tokens.refresh_token,
    };
    for (const [what, one] of Object.entries(forged))
      assert.equal((await profile(one)).code, "unauthenticated", what);
    // invalid tokens block neither a new sign-in nor public routes
    assert.equal(
      (
        await program.call("PUT", "/api/auth/refresh", {
          body: { refresh_token: tokens.refresh_token },
          token: forged.expired,
        })
      ).status,
      200,
    );
    assert.equal((await profile(tokens.access_token)).body.id, id);
  });

  it("keys rotate after 30 days; all replicas accept the old key's tokens until they expire", async () => {
    const { tokens } = await signedIn();
    const old = decodeProtectedHeader(tokens.access_token).kid;
    const restarted = async (change: string) => {
      await query(change);
      await program.restart();
    };
    await restarted("update signing_key set created_at = now() - interval '31 days'");
    const { tokens: newer } = await signedIn();
    const kid = decodeProtectedHeader(newer.access_token).kid;
    assert.notEqual(kid, old);
    ok(await profile(tokens.access_token));
    ok(await profile(newer.access_token));
    const published = async () =>
      (await program.call<KeysBody>("GET", "/.well-known/jwks.json")).body.keys.map((key) => key.kid);
    assert.deepEqual(await published(), [kid, old]);
    // another replica makes the next key; this one learns of it from the job, or from its first token
    await query("update signing_key set created_at = now() - interval '31 days' where retired_at is null");
    await query("select graphile_worker.add_job('identity:rotate_keys')");
    await until(published, ({ length }) => length === 3);
    // an hour after it was retired, the first key is gone
    await query("update signing_key set retired_at = now() - interval '61 minutes' where kid = $1", [old]);
    await query("select graphile_worker.add_job('identity:rotate_keys')");
    await until(published, ({ length }) => length === 2);
    assert.equal((await profile(tokens.access_token)).code, "unauthenticated");
    ok(await profile(newer.access_token));
  });
});

describe("a signing key", () => {
  it("a signing key sealed with another ONEGATE_SECRET_KEY stops the start and names it", async () => {
    const opened = openSigningKeys(program.database, createSecretBox(Buffer.alloc(32, 7)));
    await assert.rejects(
      opened,
      (error: unknown) => error instanceof StartFailure && error.message.startsWith("ONEGATE_SECRET_KEY"),
    );
  });

  it("a sealed secret opens only unchanged and for its own subject", () => {
    const box = createSecretBox(Buffer.alloc(32, 7));
    const closed = box.close("rahasia", "totp 1");
    assert.equal(box.open(closed, "totp 1"), "rahasia");
    assert.equal(box.open(closed, "totp 2"), undefined);
    assert.equal(createSecretBox(Buffer.alloc(32, 8)).open(closed, "totp 1"), undefined);
    for (let i = 0; i < closed.length; i++)
      assert.equal(
        box.open(Buffer.from(closed.map((byte, n) => (n === i ? byte ^ 1 : byte))), "totp 1"),
        undefined,
      );
    assert.equal(box.open(Buffer.alloc(0), "totp 1"), undefined);
  });
});

describe("a refresh", () => {
  it("a refresh returns new tokens, and only the hash of a refresh token is stored", async () => {
    const { tokens } = await signedIn();
    const next = ok(await refresh(tokens.refresh_token));
    assert.notEqual(next.refresh_token, tokens.refresh_token);
    ok(await profile(next.access_token));
    const { length } = await query("select from authentications where token = $1", [
      createHash("sha256").update(next.refresh_token).digest("hex"),
    ]);
    assert.equal(length, 1);
    const everything = JSON.stringify(await query("select * from authentications"));
    for (const { refresh_token: token } of [tokens, next])
      assert.ok(!everything.includes(token) && !everything.includes(Buffer.from(token).toString("hex")));
  });

  it("fault 33: reuse of a replaced refresh token ends its session, for the thief too", async () => {
    const { tokens, user } = await signedIn();
    const elsewhere = ok(await login(user.username));
    const thief = ok(await refresh(tokens.refresh_token));
    await query(
      `update authentications set replaced_at = replaced_at - interval '11 seconds'
         where replaced_at is not null`,
    );
    assert.equal((await refresh(tokens.refresh_token)).code, "refresh_token_reused");
    assert.equal((await refresh(thief.refresh_token)).code, "refresh_token_invalid");
    assert.equal((await refresh(tokens.refresh_token)).code, "refresh_token_invalid");
    ok(await refresh(elsewhere.refresh_token));
  });

  it("fault 33: fifty concurrent refreshes with one token succeed; the user stays signed in", async () => {
    const { tokens } = await signedIn();
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(tokens.refresh_token)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1, "one chain, one successor");
    for (const { body } of answers) assert.equal((await profile(body.access_token)).status, 200);
    const [session, ...others] = await sessions(answers[0]?.body.access_token ?? "");
    assert.deepEqual([session?.current, others.length], [true, 0]);
    ok(await refresh(answers[49]?.body.refresh_token ?? ""));
  });

  it("a refresh with an unknown or expired token, or one without a session, is refused", async () => {
    const { tokens, id } = await signedIn();
    for (const token of ["", "x", tokens.access_token.slice(0, 43)])
      assert.equal((await refresh(token)).code, "refresh_token_invalid", token);
    await query("insert into authentications (token, user_id) values ($1, $2)", [
      createHash("sha256").update("seeded").digest("hex"),
      id,
    ]);
    assert.equal((await refresh("seeded")).code, "refresh_token_invalid");
    await query("update authentications set expires_at = now() - interval '1 second' where user_id = $1", [
      id,
    ]);
    assert.equal((await refresh(tokens.refresh_token)).code, "refresh_token_invalid");
    await query("update user_session set used_at = now() - interval '2 days' where user_id = $1", [id]);
    await query("select graphile_worker.add_job('identity:forget')");
    await until(
      () => query("select from user_session where user_id = $1", [id]),
      ({ length }) => length === 0,
    );
  });
});

describe("a session", () => {
  it("sessions are listed with their devices and ended one by one; signing out ends one too", async () => {
    const { user, tokens } = await signedIn();
    const second = ok(await login(user.username, PASSWORD, { from: "2001:db8::5" }));
    const third = ok(await login(user.username));
    const listed = await sessions(second.access_token);
    assert.deepEqual(
      listed.map(({ user_agent: agent, address, current }) => ({ agent, address, current })),
      [
        { agent: "uji/1", address: "127.0.0.1", current: false },
        { agent: "uji/1", address: "2001:db8::5", current: true },
        { agent: "uji/1", address: "127.0.0.1", current: false },
      ],
    );
    const end = (token: string, id: string | undefined) =>
      program.call("DELETE", `/api/auth/sessions/${id}`, { token });
    const stranger = (await signedIn()).tokens;
    assert.equal((await end(stranger.access_token, listed[0]?.id)).code, "session_unknown");
    assert.equal((await end(second.access_token, listed[0]?.id)).status, 204);
    assert.equal((await end(second.access_token, listed[0]?.id)).code, "session_unknown");
    assert.equal((await refresh(third.refresh_token)).code, "refresh_token_invalid");
    const logout = () =>
      program.call("DELETE", "/api/auth/logout", { body: { refresh_token: tokens.refresh_token } });
    assert.deepEqual([(await logout()).status, (await logout()).status], [204, 204]);
    assert.equal((await refresh(tokens.refresh_token)).code, "refresh_token_invalid");
    assert.deepEqual(
      (await sessions(second.access_token)).map(({ current }) => current),
      [true],
    );
  });

  it("an ended session moves no money, however it ended; its access token still reads", async () => {
    const { user, tokens } = await signedIn();
    const pay = (token: string) =>
      program.call("POST", "/api/v1/wallet/transfers", {
        token,
        headers: { "idempotency-key": newId() },
        body: { to: "budi.contoh", amount: "1.00", currency: "IDR" },
      });
    const another = async () => ok(await login(user.username));
    const ways: Record<string, (tokens: TokensBody) => Promise<unknown>> = {
      "signed out": ({ refresh_token }) =>
        program.call("DELETE", "/api/auth/logout", { body: { refresh_token } }),
      "ended from elsewhere": async ({ access_token }) =>
        program.call("DELETE", `/api/auth/sessions/${String(decodeJwt(access_token)["sid"])}`, {
          token: tokens.access_token,
        }),
      "refresh token reused": async ({ refresh_token }) => {
        ok(await refresh(refresh_token));
        await query(
          `update authentications set replaced_at = replaced_at - interval '11 seconds'
             where replaced_at is not null`,
        );
        await refresh(refresh_token);
      },
      "password changed elsewhere": () =>
        program.call("PUT", "/api/auth/password", {
          token: tokens.access_token,
          body: { current_password: PASSWORD, new_password: "Fajar-di-Dieng-88" },
        }),
    };
    for (const [way, end] of Object.entries(ways)) {
      const ended = await another();
      assert.notEqual((await pay(ended.access_token)).code, "unauthenticated", way);
      await end(ended);
      assert.equal((await pay(ended.access_token)).code, "unauthenticated", way);
      ok(await profile(ended.access_token));
    }
    assert.notEqual((await pay(tokens.access_token)).code, "unauthenticated", "the other sessions continue");
    for (const right of [
      "wallet.transfer",
      "wallet.pay",
      "wallet.withdraw",
      "wallet.capture",
      "profile.change",
      "account.close",
    ] as const)
      assert.ok(needsOpenSession.has(right), right);
    for (const right of ["wallet.read", "session.open", "key.read", "payment.create"] as const)
      assert.ok(!needsOpenSession.has(right), right);
  });

  it("a user's routes need a token", async () => {
    for (const [method, path] of [
      ["GET", "profile"],
      ["PATCH", "profile"],
      ["GET", "sessions"],
      ["PUT", "password"],
      ["DELETE", "account"],
      ["POST", "totp"],
    ] as const) {
      assert.equal(
        (await program.call(method, `/api/auth/${path}`, method === "GET" ? {} : { body: {} })).code,
        "unauthenticated",
        path,
      );
    }
  });
});

describe("a profile", () => {
  it("a profile is changed name by name, with the checks of a registration", async () => {
    const { user, tokens } = await signedIn();
    const other = await signedIn();
    const change = (body: object) =>
      program.call<ProfileBody>("PATCH", "/api/auth/profile", { token: tokens.access_token, body });
    assert.equal((await change({})).code, "request_invalid");
    assert.equal((await change({ password: PASSWORD })).code, "request_invalid");
    assert.equal((await change({ username: "x", email: "x" })).code, "username_invalid");
    assert.equal(
      (await change({ email: other.user.email.toUpperCase(), phone: other.user.phone })).code,
      "email_taken",
    );
    const { username, email, phone } = ok(
      await change({ email: "Baru.1@Contoh.invalid", phone: "0899 8888 7777" }),
    );
    assert.deepEqual(
      { username, email, phone },
      { username: user.username, email: "baru.1@contoh.invalid", phone: "+6289988887777" },
    );
    ok(await login("baru.1@contoh.invalid"));
  });

  it("changing the password requires the old one and ends the other sessions", async () => {
    const { user, tokens } = await signedIn();
    const other = ok(await login(user.username));
    const change = (current: string, wanted: string) =>
      program.call("PUT", "/api/auth/password", {
        token: tokens.access_token,
        body: { current_password: current, new_password: wanted },
      });
    assert.equal((await change("Not-the-password-1", "short")).code, "password_length");
    assert.equal((await change(PASSWORD, "password123")).code, "password_common");
    assert.equal((await change("Not-the-password-1", "Fajar-di-Dieng-88")).code, "password_wrong");
    assert.equal((await change(PASSWORD, "Fajar-di-Dieng-88")).status, 204);
    assert.equal((await refresh(other.refresh_token)).code, "refresh_token_invalid");
    ok(await refresh(tokens.refresh_token));
    assert.equal((await login(user.username)).code, "credentials_wrong");
    ok(await login(user.username, "Fajar-di-Dieng-88"));
  });
});

describe("one-time codes", () => {
  it("one-time codes are required once confirmed, work once each, and can be turned off", async () => {
    const { user, tokens } = await signedIn();
    const call = <T>(method: string, body: object) =>
      program.call<T>(method, "/api/auth/totp", { token: tokens.access_token, body });
    assert.equal((await call("PUT", { code: "123456" })).code, "totp_off");
    assert.equal((await call("DELETE", { password: PASSWORD })).code, "totp_off");
    assert.equal((await call("POST", { password: "Not-the-password-1" })).code, "password_wrong");
    const { secret, uri } = ok(await call<TotpBody>("POST", { password: PASSWORD }));
    assert.match(uri, /^otpauth:\/\/totp\/Onegate:tamu/);
    const code = (halfMinutes = 0) =>
      new TOTP({ secret, digits: 6, period: 30 }).generate({ timestamp: Date.now() + halfMinutes * 30_000 });
    ok(await login(user.username));
    assert.equal((await call("PUT", { code: code(-3) })).code, "totp_wrong");
    assert.equal((await call("PUT", { code: code() })).status, 204);
    assert.equal((await call("PUT", { code: code() })).code, "totp_on");
    assert.equal((await call("POST", { password: PASSWORD })).code, "totp_on");
    assert.equal(ok(await profile(tokens.access_token)).totp, true);
    assert.equal((await login(user.username)).code, "totp_required");
    assert.equal((await login(user.username, "Not-the-password-1")).code, "credentials_wrong");
    assert.equal((await login(user.username, PASSWORD, { totp: code(-5) })).code, "totp_wrong");
    assert.equal((await login(user.username, PASSWORD, { totp: "no" })).code, "totp_wrong");
    const once = code(1);
    const results = await Promise.all([
      login(user.username, PASSWORD, { totp: once }),
      login(user.username, PASSWORD, { totp: once }),
    ]);
    assert.deepEqual(results.map(({ code, status }) => code ?? String(status)).sort(), ["200", "totp_wrong"]);
    const kept = JSON.stringify(
      await query("select totp_secret::text from users where username = $1", [user.username]),
    );
    assert.ok(!kept.includes(Buffer.from(secret).toString("hex")));
    assert.equal((await call("DELETE", { password: PASSWORD })).status, 204);
    ok(await login(user.username));
  });
});

describe("the closing of an account", () => {
  it("an account with money or a hold can't be closed; closing erases personal data only", async () => {
    const { access_token: token, refresh_token: refreshToken } = ok(
      await login("dewi.contoh", DEMO.password),
    );
    const id = ok(await profile(token)).id;
    const close = (password: string) =>
      program.call("DELETE", "/api/auth/account", { token, body: { password } });
    const move = (source: string, destination: string, amount: string) =>
      program.call("POST", "/payments", {
        body: {
          id: newId(),
          currency: "IDR",
          amount,
          source_account: source,
          destination_account: destination,
        },
      });
    ok(await move("ACC_SRC_ABC", "ACC_DST_DEF", "12500.00"));
    assert.equal((await close("Not-the-password-1")).code, "password_wrong");
    assert.equal((await close(DEMO.password)).code, "account_not_empty");
    const ledger = createLedger(program.database, { concurrency: 1, queue: 10 });
    const hold = newId();
    const accounts = {
      debit: accountId(DEMO_MERCHANT, "ACC_DST_DEF"),
      credit: accountId(DEMO_MERCHANT, "ACC_SRC_ABC"),
      amount: money(1_250_000n, IDR),
    };
    assert.ok(!isRefusal(await ledger.reserve(DEMO_MERCHANT, { id: hold, ...accounts })));
    assert.equal((await close(DEMO.password)).code, "account_not_empty");
    assert.ok(!isRefusal(await ledger.release(DEMO_MERCHANT, hold)));
    ok(await move("ACC_DST_DEF", "ACC_SRC_ABC", "12500.00"));
    assert.equal((await close(DEMO.password)).status, 204);

    assert.equal((await login("dewi.contoh", DEMO.password)).code, "credentials_wrong");
    assert.equal((await refresh(refreshToken)).code, "refresh_token_invalid");
    assert.equal((await profile(token)).code, "unauthenticated");
    assert.equal((await close(DEMO.password)).code, "unauthenticated");
    const kept = JSON.stringify([
      await query("select * from users where id = $1", [id]),
      await query("select * from user_session where user_id = $1", [id]),
      await query("select * from authentications where user_id = $1", [id]),
    ]);
    for (const personal of ["dewi", "81200000003", "argon2", "127.0.0.1"])
      assert.ok(!kept.includes(personal), `${personal} in ${kept}`);
    assert.deepEqual(await query("select account_status from accounts where user_id = $1", [id]), [
      { account_status: "CLOSED" },
    ]);
    assert.equal((await query("select from historical_transactions where user_id = $1", [id])).length, 2);
    assert.equal((await move("ACC_SRC_ABC", "ACC_DST_DEF", "1.00")).code, "account_frozen");
    await program.assertBooksHold();
    // the names are free again
    ok(
      await registerAs(
        newUser({ username: "dewi.contoh", email: "dewi@contoh.invalid", phone: "+6281200000003" }),
      ),
    );
  });
});
