import { IDR, isRefusal, money, type Money } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { InquireAnswer, Notification, OpenAnswer, Opened, OpenRequest, Provider, RawNotification } from "./provider.ts";

/** What may happen to the next call: whether it is done at the provider, and what comes back. */
export type CallFault = "answer_lost" | "answer_slow" | "error_not_done" | "error_done" | "page_instead";

/** The other side, and the levers of a suite on it. */
export interface Peer {
  /** Gives up on a call after less time than the peer's slow answer takes. */
  readonly provider: Provider;
  /** Knows another secret than the peer's. */
  readonly otherSecret: Provider;
  /** Asks an address where nobody listens. */
  readonly unreachable: Provider;
  /** A channel that takes `goodAmount` and payers without a phone. */
  readonly channel: string;
  readonly goodAmount: Money;
  /** Texts that must never be in a log. */
  readonly secrets: readonly string[];
  now(): number;
  planOpen(fault: CallFault): Promise<void>;
  planInquiry(fault: CallFault): Promise<void>;
  planNotifications(fault: "forged" | "altered" | "none"): Promise<void>;
  settle(reference: string, as: "paid" | "expired" | "failed" | "refunded", amount?: Money): Promise<void>;
  /** The next notification that has arrived and was not asked for before. */
  nextNotification(): Promise<RawNotification>;
  close(): Promise<void>;
}

const HALF_HOUR_MS = 30 * 60_000;

/** Registers the manners every provider is held to, each against a peer that `start` gives. */
export function conformance(name: string, start: () => Promise<Peer>): void {
  describe(`${name} keeps the manners of a provider`, () => {
    let peer: Peer;
    let attempts = 0;
    before(async () => {
      peer = await start();
    });
    after(() => peer.close());

    const request = (changes: Partial<OpenRequest> = {}): OpenRequest => ({
      merchantRef: `CONF-${peer.now()}-${(attempts += 1)}`,
      channel: peer.channel,
      amount: peer.goodAmount,
      items: [{ sku: null, name: "Kopi susu", price: peer.goodAmount, quantity: 1 }],
      customer: { name: "Sari", email: "sari@contoh.id", phone: null },
      expiresAt: new Date(peer.now() + HALF_HOUR_MS),
      ...changes,
    });
    const open = async (changes?: Partial<OpenRequest>): Promise<{ asked: OpenRequest; opened: Opened }> => {
      const asked = request(changes);
      return { asked, opened: openedOf(await peer.provider.open(asked)) };
    };
    const inquire = (merchantRef: string, reference: string | null = null) => peer.provider.inquire({ reference, merchantRef });

    it("states its channels, each with bounds of its amount", async () => {
      const channels = await peer.provider.channels();
      assert.ok(!isRefusal(channels));
      const channel = channels.find(({ code }) => code === peer.channel);
      assert.ok(channel?.active);
      for (const { code, minimumAmount, maximumAmount } of channels) assert.ok(minimumAmount.minor < maximumAmount.minor, code);
    });

    it("opens a payment over the sum asked for, until when the provider says", async () => {
      const { asked, opened } = await open();
      assert.equal(opened.amount.minor - opened.feeCustomer.minor, asked.amount.minor);
      assert.ok(Math.abs(opened.expiresAt.getTime() - asked.expiresAt.getTime()) < 1_000);
      assert.ok(opened.qrString ?? opened.payCode ?? opened.checkoutUrl);
    });

    it("an open payment is pending, found by its reference and by ours", async () => {
      const { asked, opened } = await open();
      for (const answer of [await inquire(asked.merchantRef, opened.reference), await inquire(asked.merchantRef)]) {
        const found = foundOf(answer);
        assert.equal(found.state.status, "pending");
        assert.equal(found.state.merchantRef, asked.merchantRef);
        assert.deepEqual(found.opened, opened);
      }
    });

    it("a reference that was never used is absent", async () => {
      assert.deepEqual(await inquire("CONF-never"), { answer: "absent" });
    });

    for (const [why, changes] of [
      ["a sum with sen", () => withSum(money(peer.goodAmount.minor + 1n, IDR))],
      ["items that do not sum to the amount", () => ({ amount: money(peer.goodAmount.minor + 100n, IDR) })],
      ["an unknown channel", () => ({ channel: "NO_SUCH_CHANNEL" })],
      ["a sum below the channel's least", () => withSum(money(100n, IDR))],
      ["a time that is over", () => ({ expiresAt: new Date(peer.now() - 1_000) })],
    ] satisfies ReadonlyArray<readonly [string, () => Partial<OpenRequest>]>) {
      it(`${why} is refused, and nothing is opened`, async () => {
        const asked = request(changes());
        const answer = await peer.provider.open(asked);
        assert.equal(answer.answer, "refused");
        assert.deepEqual(await inquire(asked.merchantRef), { answer: "absent" });
      });
    }

    for (const fault of ["answer_lost", "answer_slow", "error_done"] as const) {
      it(`${fault}: the attempt is unknown, then found`, async () => {
        const asked = request();
        await peer.planOpen(fault);
        const answer = await peer.provider.open(asked);
        assert.equal(answer.answer, "unknown");
        const { state, opened } = foundOf(await inquire(asked.merchantRef));
        assert.equal(state.status, "pending");
        assert.equal(opened?.reference, state.reference);
      });
    }

    for (const fault of ["error_not_done", "page_instead"] as const) {
      it(`${fault}: the attempt is unknown, then absent`, async () => {
        const asked = request();
        await peer.planOpen(fault);
        assert.equal((await peer.provider.open(asked)).answer, "unknown");
        assert.deepEqual(await inquire(asked.merchantRef), { answer: "absent" });
      });
    }

    for (const fault of ["answer_lost", "answer_slow", "error_not_done", "page_instead"] as const) {
      it(`${fault} on an inquiry never means absent`, async () => {
        const { asked, opened } = await open();
        await peer.planInquiry(fault);
        assert.equal((await inquire(asked.merchantRef)).answer, "unknown");
        await peer.planInquiry(fault);
        assert.equal((await inquire(asked.merchantRef, opened.reference)).answer, "unknown");
      });
    }

    it("where nobody listens, an attempt is refused, but an inquiry is unknown", async () => {
      assert.deepEqual(await peer.unreachable.open(request()), { answer: "refused", reason: "unreachable" });
      assert.equal((await peer.unreachable.inquire({ reference: null, merchantRef: "CONF-nobody" })).answer, "unknown");
      const channels = await peer.unreachable.channels();
      assert.equal(isRefusal(channels) && channels.refusal, "provider_unreachable");
    });

    it("a caller that gives up gets unknown", async () => {
      assert.equal((await peer.provider.open(request(), AbortSignal.abort())).answer, "unknown");
    });

    for (const status of ["paid", "expired", "failed"] as const) {
      it(`a payment that ends ${status} is notified, and an inquiry says the same`, async () => {
        const { asked, opened } = await open();
        await peer.settle(opened.reference, status);
        const { state, channel } = believed(peer.provider, await peer.nextNotification());
        assert.deepEqual([state.status, state.reference, state.merchantRef, channel], [status, opened.reference, asked.merchantRef, peer.channel]);
        assert.deepEqual(foundOf(await inquire(asked.merchantRef, opened.reference)).state, state);
        assert.equal(state.paidAt === null, status !== "paid");
      });
    }

    it("a refund after the payment is notified", async () => {
      const { opened } = await open();
      await peer.settle(opened.reference, "paid");
      await peer.nextNotification();
      await peer.settle(opened.reference, "refunded");
      assert.equal(believed(peer.provider, await peer.nextNotification()).state.status, "refunded");
    });

    it("a payment of another sum is told as it was paid", async () => {
      const { asked, opened } = await open();
      const short = money(opened.amount.minor - 100n, IDR);
      await peer.settle(opened.reference, "paid", short);
      assert.deepEqual(believed(peer.provider, await peer.nextNotification()).state.amount, short);
      assert.deepEqual(foundOf(await inquire(asked.merchantRef)).state.amount, short);
    });

    for (const fault of ["forged", "altered"] as const) {
      it(`a notification that was ${fault} is refused`, async () => {
        const { opened } = await open();
        await peer.planNotifications(fault);
        await peer.settle(opened.reference, "paid");
        const notification = await peer.nextNotification();
        await peer.planNotifications("none");
        assert.equal(refusalOf(peer.provider, notification), "notification_signature_wrong");
      });
    }

    it("a true notification is refused by a gate with another secret, without its headers, or with one byte more", async () => {
      const { opened } = await open();
      await peer.settle(opened.reference, "paid");
      const { headers, body } = await peer.nextNotification();
      assert.equal(refusalOf(peer.otherSecret, { headers, body }), "notification_signature_wrong");
      assert.equal(refusalOf(peer.provider, { headers: {}, body }), "notification_signature_wrong");
      assert.equal(refusalOf(peer.provider, { headers, body: Buffer.concat([body, Buffer.from(" ")]) }), "notification_signature_wrong");
      assert.equal(believed(peer.provider, { headers, body }).state.status, "paid");
    });

    it("keeps secrets and persons out of logs", () => {
      const scrubbed = peer.provider.scrub(`${peer.secrets.join(" ")} sari@contoh.id 081234567890 +62 812-3456-7890 Rp 12.500`);
      for (const secret of [...peer.secrets, "sari", "1234567", "3456"]) assert.ok(!scrubbed.includes(secret), secret);
      assert.ok(scrubbed.includes("Rp 12.500"));
    });
  });
}

function withSum(amount: Money): Partial<OpenRequest> {
  return { amount, items: [{ sku: null, name: "Kopi susu", price: amount, quantity: 1 }] };
}

function openedOf(answer: OpenAnswer): Opened {
  assert.equal(answer.answer, "opened", "reason" in answer ? answer.reason : "");
  assert.ok("opened" in answer);
  return answer.opened;
}

function foundOf(answer: InquireAnswer) {
  assert.equal(answer.answer, "found", "reason" in answer ? answer.reason : "");
  assert.ok("state" in answer);
  return answer;
}

function believed(provider: Provider, notification: RawNotification): Notification {
  const read = provider.readNotification(notification);
  assert.ok(!isRefusal(read), isRefusal(read) ? read.refusal : "");
  return read;
}

function refusalOf(provider: Provider, notification: RawNotification): string {
  const read = provider.readNotification(notification);
  return isRefusal(read) ? read.refusal : "believed";
}
