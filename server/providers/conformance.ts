import { IDR, isRefusal, money, type Money } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type {
  InquireAnswer,
  PaymentNotification,
  OpenAnswer,
  Opened,
  OpenRequest,
  Provider,
  RawNotification,
  RefundAnswer,
  RefundRequest,
} from "./provider.ts";

/** A fault of the next call: whether it is done at the provider, and what the caller gets. */
export type CallFault = "answer_lost" | "answer_slow" | "error_not_done" | "error_done" | "page_instead";

/** How a payment may end. */
export type Ending = "paid" | "expired" | "failed" | "refunded";

/** A provider under test, and the controls of its other side. */
export interface Peer {
  /** Its timeout is shorter than the peer's slow answer. */
  readonly provider: Provider;
  /** Uses another secret than the peer. */
  readonly otherSecret: Provider;
  /** Calls a URL where no server listens. */
  readonly unreachable: Provider;
  /** A channel that takes `goodAmount` and payers without a phone. */
  readonly channel: string;
  readonly goodAmount: Money;
  /**
   * False if an inquiry does not repeat what the payer needs: who lost the code at the opening has lost
   * it.
   */
  readonly repeatsCode?: false;
  /** The endings that the channel has and that are notified; all by default. */
  readonly endings?: readonly Ending[];
  /** A refundable channel, if not the same; for providers with `refund`. */
  readonly refundChannel?: string;
  /** Texts that must never be logged. */
  readonly secrets: readonly string[];
  now(): number;
  planOpen(fault: CallFault): Promise<void>;
  planInquiry(fault: CallFault): Promise<void>;
  /** For providers with `cancel`; `planRefund` for those with `refund`. */
  planCancel?(fault: CallFault): Promise<void>;
  planRefund?(fault: CallFault): Promise<void>;
  planNotifications(fault: "forged" | "altered" | "none"): Promise<void>;
  settle(reference: string, as: Ending, amount?: Money): Promise<void>;
  /** The next notification of an ending; each is returned once. */
  nextNotification(): Promise<RawNotification>;
  close(): Promise<void>;
}

const HALF_HOUR_MS = 30 * 60_000;

/** Registers the tests that every provider must pass, against the peer that `start` returns. */
export function conformance(name: string, start: () => Promise<Peer>): void {
  describe(`${name} conforms to the provider interface`, () => {
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
    const open = async (
      changes?: Partial<OpenRequest>,
    ): Promise<{ requested: OpenRequest; opened: Opened }> => {
      const requested = request(changes);
      return { requested, opened: openedOf(await peer.provider.open(requested)) };
    };
    const inquire = (merchantRef: string, reference: string | null = null) =>
      peer.provider.inquire({ reference, merchantRef });
    const isFoundByOurs = () => peer.provider.findsByMerchantRef !== false;
    const ends = (ending: Ending) =>
      (peer.endings ?? ["paid", "expired", "failed", "refunded"]).includes(ending);
    /** No payment exists under our reference. A provider that can't search is sure only after the expiry. */
    const assertNothing = async (merchantRef: string) => {
      assert.equal((await inquire(merchantRef)).answer, isFoundByOurs() ? "absent" : "unknown");
      const expiresAt = new Date(peer.now() - 2 * HALF_HOUR_MS);
      assert.deepEqual(await peer.provider.inquire({ reference: null, merchantRef, expiresAt }), {
        answer: "absent",
      });
    };

    it("the channels are listed, each with bounds of its amount", async () => {
      const channels = await peer.provider.channels();
      assert.ok(!isRefusal(channels));
      const channel = channels.find(({ code }) => code === peer.channel);
      assert.ok(channel?.active);
      for (const { code, minimumAmount, maximumAmount } of channels)
        assert.ok(minimumAmount.minor < maximumAmount.minor, code);
    });

    it("a payment is opened for the requested amount, until the requested expiry", async () => {
      const { requested, opened } = await open();
      assert.equal(opened.amount.minor - opened.feeCustomer.minor, requested.amount.minor);
      assert.ok(Math.abs(opened.expiresAt.getTime() - requested.expiresAt.getTime()) < 1_000);
      assert.ok(opened.qrString ?? opened.payCode ?? opened.checkoutUrl);
    });

    it("an open payment is pending, and found by the provider's reference and by ours", async () => {
      const { requested, opened } = await open();
      for (const answer of [
        await inquire(requested.merchantRef, opened.reference),
        ...(isFoundByOurs() ? [await inquire(requested.merchantRef)] : []),
      ]) {
        const found = foundOf(answer);
        assert.equal(found.state.status, "pending");
        assert.equal(found.state.merchantRef, requested.merchantRef);
        assert.deepEqual(found.opened, peer.repeatsCode === false ? null : opened);
      }
    });

    it("a reference that was never used is absent", async () => {
      await assertNothing("CONF-never");
    });

    for (const [why, changes] of [
      ["an amount with sen", () => withSum(money(peer.goodAmount.minor + 1n, IDR))],
      [
        "a list of items that do not sum to the amount",
        () => ({ amount: money(peer.goodAmount.minor + 100n, IDR) }),
      ],
      ["an unknown channel", () => ({ channel: "NO_SUCH_CHANNEL" })],
      ["an amount below the channel's minimum", () => withSum(money(100n, IDR))],
      ["an expiry in the past", () => ({ expiresAt: new Date(peer.now() - 1_000) })],
    ] satisfies ReadonlyArray<readonly [string, () => Partial<OpenRequest>]>) {
      it(`${why} is refused, and nothing is opened`, async () => {
        const requested = request(changes());
        const answer = await peer.provider.open(requested);
        assert.equal(answer.answer, "refused");
        await assertNothing(requested.merchantRef);
      });
    }

    for (const fault of ["answer_lost", "answer_slow", "error_done"] as const) {
      it(`${fault}: the attempt is unknown, then found`, async () => {
        const requested = request();
        await peer.planOpen(fault);
        const answer = await peer.provider.open(requested);
        assert.equal(answer.answer, "unknown");
        if (!isFoundByOurs()) return assert.equal((await inquire(requested.merchantRef)).answer, "unknown");
        const { state, opened } = foundOf(await inquire(requested.merchantRef));
        assert.equal(state.status, "pending");
        assert.equal(opened?.reference, peer.repeatsCode === false ? undefined : state.reference);
      });
    }

    for (const fault of ["error_not_done", "page_instead"] as const) {
      it(`${fault}: the attempt is unknown, then absent`, async () => {
        const requested = request();
        await peer.planOpen(fault);
        assert.equal((await peer.provider.open(requested)).answer, "unknown");
        await assertNothing(requested.merchantRef);
      });
    }

    for (const fault of ["answer_lost", "answer_slow", "error_not_done", "page_instead"] as const) {
      it(`${fault} on an inquiry never means absent`, async () => {
        const { requested, opened } = await open();
        await peer.planInquiry(fault);
        assert.equal((await inquire(requested.merchantRef)).answer, "unknown");
        await peer.planInquiry(fault);
        assert.equal((await inquire(requested.merchantRef, opened.reference)).answer, "unknown");
      });
    }

    it("without a server, an attempt is refused, but an inquiry is unknown", async () => {
      assert.deepEqual(await peer.unreachable.open(request()), { answer: "refused", reason: "unreachable" });
      assert.equal(
        (await peer.unreachable.inquire({ reference: null, merchantRef: "CONF-nobody" })).answer,
        "unknown",
      );
      const channels = await peer.unreachable.channels();
      // agreed channels need no request
      if (isRefusal(channels)) assert.equal(channels.refusal, "provider_unreachable");
      else assert.deepEqual(channels, await peer.provider.channels());
    });

    it("a caller that gives up gets unknown", async () => {
      assert.equal((await peer.provider.open(request(), AbortSignal.abort())).answer, "unknown");
    });

    for (const status of ["paid", "expired", "failed"] as const) {
      it(`a payment that ends ${status} is notified, and an inquiry agrees`, async () => {
        if (!ends(status)) return;
        const { requested, opened } = await open();
        await peer.settle(opened.reference, status);
        const { state, channel } = believed(peer.provider, await peer.nextNotification());
        assert.deepEqual(
          [state.status, state.reference, state.merchantRef, channel],
          [status, opened.reference, requested.merchantRef, peer.channel],
        );
        assert.deepEqual(foundOf(await inquire(requested.merchantRef, opened.reference)).state, state);
        assert.equal(state.paidAt === null, status !== "paid");
      });
    }

    it("a refund after the payment is notified", async () => {
      if (!ends("refunded")) return;
      const { opened } = await open({ channel: peer.refundChannel ?? peer.channel });
      await peer.settle(opened.reference, "paid");
      await peer.nextNotification();
      await peer.settle(opened.reference, "refunded");
      assert.equal(believed(peer.provider, await peer.nextNotification()).state.status, "refunded");
    });

    it("a payment of another amount is reported with the amount that was paid", async () => {
      const { requested, opened } = await open();
      const short = money(opened.amount.minor - 100n, IDR);
      await peer.settle(opened.reference, "paid", short);
      assert.deepEqual(believed(peer.provider, await peer.nextNotification()).state.amount, short);
      assert.deepEqual(foundOf(await inquire(requested.merchantRef, opened.reference)).state.amount, short);
    });

    it("a forged notification is refused", async () => {
      const { opened } = await open();
      await peer.planNotifications("forged");
      await peer.settle(opened.reference, "paid");
      const notification = await peer.nextNotification();
      await peer.planNotifications("none");
      assert.equal(refusalOf(peer.provider, notification), "notification_signature_wrong");
    });

    it("an altered notification is refused, or only leads to an inquiry, which is right", async () => {
      const { requested, opened } = await open();
      await peer.planNotifications("altered");
      await peer.settle(opened.reference, "paid");
      const notification = await peer.nextNotification();
      await peer.planNotifications("none");
      assert.ok(!isBelievedAsItIs(peer.provider, notification));
      assert.deepEqual(
        foundOf(await inquire(requested.merchantRef, opened.reference)).state.amount,
        opened.amount,
      );
    });

    it("a notification with another secret, no headers or an extra byte is not trusted", async () => {
      const { opened } = await open();
      await peer.settle(opened.reference, "paid");
      const { headers, body } = await peer.nextNotification();
      assert.equal(refusalOf(peer.otherSecret, { headers, body }), "notification_signature_wrong");
      assert.ok(!isBelievedAsItIs(peer.provider, { headers: {}, body }));
      assert.ok(!isBelievedAsItIs(peer.provider, { headers, body: Buffer.concat([body, Buffer.from(" ")]) }));
      assert.equal(believed(peer.provider, { headers, body }).state.status, "paid");
    });

    it("verification accepts the credentials, and is unknown without a server", async () => {
      if (!peer.provider.verify) return;
      assert.deepEqual(await peer.provider.verify(), { answer: "accepted" });
      assert.equal((await peer.unreachable.verify?.())?.answer, "unknown");
    });

    it("secrets and personal data are scrubbed from logs", () => {
      const scrubbed = peer.provider.scrub(
        `${peer.secrets.join(" ")} sari@contoh.id 081234567890 +62 812-3456-7890 Rp 12.500`,
      );
      for (const secret of [...peer.secrets, "sari", "1234567", "3456"])
        assert.ok(!scrubbed.includes(secret), secret);
      assert.ok(scrubbed.includes("Rp 12.500"));
    });

    it("a provider with refunds has inquiries for them, and its peer plans faults of its verbs", () => {
      const has = (verb: "cancel" | "refund" | "inquireRefund") =>
        verb in peer.provider && peer.provider[verb] !== undefined;
      assert.equal(has("refund"), has("inquireRefund"));
      assert.ok(
        !has("refund") || "planRefund" in peer,
        "a peer of a provider with `refund` has `planRefund`",
      );
      assert.ok(
        !has("cancel") || "planCancel" in peer,
        "a peer of a provider with `cancel` has `planCancel`",
      );
    });

    describe("cancellation, if supported", () => {
      const cancel = (requested: OpenRequest, reference: string | null) =>
        peer.provider.cancel?.({ reference, merchantRef: requested.merchantRef });

      it("an open payment is cancelled by either reference, and a repeat answers the same", async () => {
        if (!peer.provider.cancel) return;
        for (const byOurs of [false, true]) {
          const { requested, opened } = await open();
          const reference = byOurs && isFoundByOurs() ? null : opened.reference;
          assert.deepEqual(
            [await cancel(requested, reference), await cancel(requested, reference)],
            [{ answer: "cancelled" }, { answer: "cancelled" }],
          );
          assert.ok(isOver(await inquire(requested.merchantRef, opened.reference)));
        }
      });

      it("cancellation of a paid payment is refused, and it stays paid", async () => {
        if (!peer.provider.cancel) return;
        const { requested, opened } = await open();
        await peer.settle(opened.reference, "paid");
        await peer.nextNotification();
        assert.equal((await cancel(requested, opened.reference))?.answer, "refused");
        assert.equal(foundOf(await inquire(requested.merchantRef, opened.reference)).state.status, "paid");
      });

      for (const fault of FAULTS) {
        it(`${fault}: a cancellation is unknown, and an inquiry shows the result`, async () => {
          if (!peer.provider.cancel) return;
          const { requested, opened } = await open();
          await peer.planCancel?.(fault);
          assert.equal((await cancel(requested, opened.reference))?.answer, "unknown");
          assert.equal(isOver(await inquire(requested.merchantRef, opened.reference)), IS_DONE[fault]);
        });
      }

      it("without a server, a cancellation is unknown", async () => {
        if (!peer.unreachable.cancel) return;
        assert.equal(
          (await peer.unreachable.cancel({ reference: null, merchantRef: "CONF-nobody" })).answer,
          "unknown",
        );
      });
    });

    describe("refunds, if supported", () => {
      let refunds = 0;
      const paid = async () => {
        const { requested, opened } = await open({ channel: peer.refundChannel ?? peer.channel });
        await peer.settle(opened.reference, "paid");
        await peer.nextNotification();
        return { requested, opened };
      };
      const refundOf = (
        { requested, opened }: { requested: OpenRequest; opened: Opened },
        minor: bigint,
        changes: Partial<RefundRequest> = {},
      ): RefundRequest => ({
        reference: opened.reference,
        merchantRef: requested.merchantRef,
        channel: requested.channel,
        refundRef: `CONFR-${peer.now()}-${(refunds += 1)}`,
        amount: money(minor, IDR),
        paid: opened.amount,
        reason: "Salah pesan",
        ...changes,
      });
      /** The answer, or the result of an inquiry while it is pending. */
      const refund = async (request: RefundRequest): Promise<RefundAnswer["answer"] | undefined> => {
        const answer = await peer.provider.refund?.(request);
        return answer?.answer === "pending"
          ? (await peer.provider.inquireRefund?.(request))?.answer
          : answer?.answer;
      };
      const statusOf = async ({ requested, opened }: { requested: OpenRequest; opened: Opened }) =>
        foundOf(await inquire(requested.merchantRef, opened.reference)).state.status;

      it("a payment is refunded in full, and an inquiry agrees", async () => {
        if (!peer.provider.refund) return;
        const payment = await paid();
        const request = refundOf(payment, payment.opened.amount.minor);
        assert.equal(await refund(request), "refunded");
        assert.equal((await peer.provider.inquireRefund?.(request))?.answer, "refunded");
        assert.equal(await statusOf(payment), "refunded");
      });

      it("parts are refunded once per reference, up to what was paid and not a rupiah more", async () => {
        if (!peer.provider.refund) return;
        const payment = await paid();
        const { minor } = payment.opened.amount;
        const part = refundOf(payment, 500_000n);
        assert.deepEqual([await refund(part), await refund(part)], ["refunded", "refunded"]);
        assert.equal(await statusOf(payment), "paid");
        assert.equal(await refund(refundOf(payment, minor - 500_000n + 100n)), "refused");
        const rest = refundOf(payment, minor - 500_000n);
        assert.equal(await refund(rest), "refunded");
        assert.equal(await statusOf(payment), "refunded");
        assert.equal(await refund(refundOf(payment, 100n)), "refused");
        assert.deepEqual([await refund(part), await refund(rest)], ["refunded", "refunded"]);
      });

      it("a refund of more than was paid, of zero, or of an unpaid payment is refused", async () => {
        if (!peer.provider.refund) return;
        const payment = await paid();
        const { minor } = payment.opened.amount;
        for (const wrong of [minor + 100n, 0n])
          assert.equal(await refund(refundOf(payment, wrong)), "refused");
        assert.equal(await statusOf(payment), "paid");
        const unpaid = await open({ channel: peer.refundChannel ?? peer.channel });
        assert.equal(await refund(refundOf(unpaid, minor)), "refused");
      });

      for (const fault of FAULTS) {
        it(`${fault}: a refund is unknown, found by an inquiry, and made once by a retry`, async () => {
          if (!peer.provider.refund) return;
          const payment = await paid();
          const request = refundOf(payment, 500_000n);
          await peer.planRefund?.(fault);
          assert.equal((await peer.provider.refund(request)).answer, "unknown");
          assert.equal(
            (await peer.provider.inquireRefund?.(request))?.answer,
            IS_DONE[fault] ? "refunded" : "unknown",
          );
          assert.equal(await refund(request), "refunded");
          assert.equal(
            await refund(refundOf(payment, payment.opened.amount.minor - 500_000n)),
            "refunded",
            "the part was refunded once",
          );
        });
      }

      it("without a server, a refund is unknown", async () => {
        if (!peer.unreachable.refund) return;
        const request = refundOf(await paid(), 500_000n);
        assert.equal((await peer.unreachable.refund(request)).answer, "unknown");
        assert.equal((await peer.unreachable.inquireRefund?.(request))?.answer, "unknown");
      });
    });
  });
}

const FAULTS = [
  "answer_lost",
  "answer_slow",
  "error_done",
  "error_not_done",
  "page_instead",
] as const satisfies readonly CallFault[];
const IS_DONE: Readonly<Record<CallFault, boolean>> = {
  answer_lost: true,
  answer_slow: true,
  error_done: true,
  error_not_done: false,
  page_instead: false,
};

function isOver(answer: InquireAnswer): boolean {
  const { status } = foundOf(answer).state;
  return status === "failed" || status === "expired";
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

function believed(provider: Provider, notification: RawNotification): PaymentNotification {
  const read = provider.readNotification(notification);
  assert.ok(!isRefusal(read), isRefusal(read) ? read.refusal : "");
  assert.ok(read.state !== null, "event" in read ? read.event : "");
  return read;
}

function refusalOf(provider: Provider, notification: RawNotification): string {
  const read = provider.readNotification(notification);
  return isRefusal(read) ? read.refusal : "believed";
}

/** Whether its state would be applied without an inquiry. */
function isBelievedAsItIs(provider: Provider, notification: RawNotification): boolean {
  const read = provider.readNotification(notification);
  return !isRefusal(read) && read.state !== null && !read.reread;
}
