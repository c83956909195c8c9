import { IDR, money, newId, toWire, type SaleBody, type StaffBody } from "@onegate/contract";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isOutcomeUnknown, Refused } from "../api.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { Icon } from "../parts/Icon.tsx";
import { PinPad } from "../parts/PinPad.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { client, useMay, useShop } from "../server.ts";
import { useSettings } from "../settings.ts";
import { minorOf } from "../sum.ts";
import { useSession } from "../till.ts";
import { tenderWord, useWords } from "../words.ts";
import { Check, initials, No, Text } from "./parts.tsx";
import { office, why, type Input } from "./server.ts";
import { useOfficeWords } from "./words.ts";
import "./office.css";

type Kind = Input["kind"];
type Props = { readonly sale: SaleBody; readonly onClose: () => void };
type Requested = { readonly input: Input; readonly amount: bigint };
type Step =
  | { readonly at: "what" }
  | ({ readonly at: "approve" } & Requested)
  | { readonly at: "done"; readonly kind: Kind; readonly sale: SaleBody };

/** Voids or refunds a sale: the input, an approver's PIN if one is needed, and where the money goes. */
export function GiveBack({ sale, onClose }: Props) {
  const words = useOfficeWords();
  const till = useWords();
  const { language } = useSettings();
  // one id for all tries, so that pressing again after no answer refunds nothing twice
  const [id] = useState(newId);
  const [step, setStep] = useState<Step>({ at: "what" });
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [approval, setApproval] = useState<string | undefined>();
  const title = {
    what: till.giveBack,
    approve: words.whoApproves,
    done: step.at === "done" && step.kind === "void" ? words.voided : words.refunded,
  }[step.at];

  /** Resolves to whether it was done. After no answer, the next try uses the same id. */
  async function give({ input }: Requested, by: string | undefined): Promise<boolean> {
    setBusy(true);
    setRefusal(null);
    try {
      const done = await office.giveBack(sale.id, id, input, by);
      client.setQueryData(["sale", sale.id], done);
      void client.invalidateQueries({ queryKey: ["sales"] });
      void client.invalidateQueries({ queryKey: ["today"] });
      void client.invalidateQueries({ queryKey: ["catalogue"] });
      setStep({ at: "done", kind: input.kind, sale: done });
      return true;
    } catch (error) {
      const undecided = isOutcomeUnknown(error);
      setApproval(undecided ? by : undefined);
      setRefusal(undecided ? words.actSilent : why(error, language));
      return false;
    } finally {
      setBusy(false);
    }
  }

  return (
    <Sheet title={title} onClose={onClose}>
      {step.at === "what" && (
        <What
          sale={sale}
          busy={busy}
          no={refusal}
          onAct={(requested) => void give(requested, undefined)}
          onAsk={(requested) => setStep({ at: "approve", ...requested })}
        />
      )}
      {step.at === "approve" && (
        <Approve
          sale={sale}
          asked={step}
          busy={busy}
          no={refusal}
          given={approval}
          onGiven={(by) => give(step, by)}
          onBack={() => {
            setRefusal(null);
            setApproval(undefined);
            setStep({ at: "what" });
          }}
        />
      )}
      {step.at === "done" && <Done sale={step.sale} id={id} onClose={onClose} />}
    </Sheet>
  );
}

type WhatProps = {
  readonly sale: SaleBody;
  readonly busy: boolean;
  readonly no: string | null;
  readonly onAct: (requested: Requested) => void;
  readonly onAsk: (requested: Requested) => void;
};

function What({ sale, busy, no, onAct, onAsk }: WhatProps) {
  const words = useOfficeWords();
  const till = useWords();
  const may = useMay();
  const amountText = useAmountText();
  const { language } = useSettings();
  const approvers = useApprovers();
  const left = sale.lines.map(({ quantity, returned }) => quantity - returned);
  const untouched = sale.returns.length === 0;
  const [kind, setKind] = useState<Kind>(untouched ? "void" : "refund");
  const [counts, setCounts] = useState<readonly number[]>(left);
  const [restock, setRestock] = useState(true);
  const [reason, setReason] = useState("");
  const lines = sale.lines.flatMap(({ line_id: line }, place) =>
    (counts[place] ?? 0) > 0 ? [{ line_id: line, quantity: counts[place] ?? 0 }] : [],
  );
  const isAll = counts.every((count, place) => count === left[place]);
  const whole = minorOf(sale.total) + minorOf(sale.rounding);
  const sum = useQuery({
    queryKey: ["office", "sum", sale.id, lines],
    queryFn: () => office.sumBack(sale.id, lines),
    enabled: kind === "refund" && lines.length > 0,
    staleTime: 0,
  });
  const amount = kind === "void" ? whole : lines.length > 0 && sum.data ? minorOf(sum.data) : null;
  const mayAlone = may(`sale.${kind}`);
  const input: Input = { kind, lines: isAll ? null : lines, restock, reason: reason.trim() };

  function choose(why: string) {
    setReason(why);
    if (why === words.reason3) setRestock(false);
  }

  if (left.every((count) => count === 0)) return <p className="form soft">{words.allReturned}</p>;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (amount !== null) (mayAlone ? onAct : onAsk)({ input, amount });
      }}
    >
      {untouched && (
        <div className="switch" role="group" aria-label={words.giveBackWhat}>
          {(["void", "refund"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={kind === each} onClick={() => setKind(each)}>
              {each === "void" ? words.voidSale : words.refundSale}
            </button>
          ))}
        </div>
      )}
      <p className="soft">{kind === "void" ? words.voidHint : words.refundHint}</p>
      {kind === "refund" && (
        <ul className="back-lines" aria-label={words.whichItems}>
          {sale.lines.map(
            (line, place) =>
              (left[place] ?? 0) > 0 && (
                <li key={line.line_id}>
                  <span className="row-main">
                    {line.name}
                    <small>
                      <Amount minor={minorOf(line.unit_price)} /> · {words.ofPieces(left[place] ?? 0)}
                    </small>
                  </span>
                  <span className="stepper">
                    <button
                      type="button"
                      aria-label={till.fewer(line.name)}
                      onClick={() => setCounts(counts.with(place, Math.max(0, (counts[place] ?? 0) - 1)))}
                    >
                      <Icon name="minus" />
                    </button>
                    <output>{counts[place]}</output>
                    <button
                      type="button"
                      aria-label={till.more(line.name)}
                      onClick={() =>
                        setCounts(counts.with(place, Math.min(left[place] ?? 0, (counts[place] ?? 0) + 1)))
                      }
                    >
                      <Icon name="plus" />
                    </button>
                  </span>
                </li>
              ),
          )}
        </ul>
      )}
      {kind === "refund" && (
        <Check label={words.restock} note={words.restockNote} checked={restock} onChange={setRestock} />
      )}
      <div className="reasons">
        <Text label={words.reason} value={reason} most={200} onChange={setReason} />
        <div className="reason-chips">
          {[words.reason1, words.reason2, words.reason3].map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={reason === each}
              onClick={() => choose(each)}
            >
              <span>{each}</span>
            </button>
          ))}
        </div>
      </div>
      <p className="back-sum">
        <span>{words.moneyBack}</span>
        {amount === null ? (
          <span className="soft">{lines.length === 0 ? "–" : words.counting}</span>
        ) : (
          <Amount minor={amount} look="title" />
        )}
      </p>
      {!mayAlone && (
        <p className="form-alert">
          {approvers.length === 0
            ? words.needsSecondNobody
            : words.needsSecond(approvers.map(({ name }) => name).join(", "))}
        </p>
      )}
      <No>{no ?? (sum.error && lines.length > 0 ? why(sum.error, language) : null)}</No>
      <button
        type="submit"
        className="key-primary"
        disabled={busy || amount === null || reason.trim() === "" || (!mayAlone && approvers.length === 0)}
      >
        {busy
          ? words.working
          : !mayAlone
            ? words.askApproval
            : amount === null
              ? words.counting
              : (kind === "void" ? words.doVoid : words.doRefund)(amountText(amount))}
      </button>
    </form>
  );
}

/** Who may approve here. */
function useApprovers(): readonly StaffBody[] {
  const { staff, approvers } = useShop();
  const session = useSession();
  return staff.filter(({ id }) => approvers.includes(id) && id !== session?.staff.id);
}

type ApproveProps = {
  readonly sale: SaleBody;
  readonly asked: Requested;
  readonly busy: boolean;
  readonly no: string | null;
  /** An approval that was given and used, without an answer from the server yet. */
  readonly given: string | undefined;
  readonly onGiven: (approval: string) => Promise<boolean>;
  readonly onBack: () => void;
};

/** The approver chooses their name, sees the request, and enters their PIN. */
function Approve({ sale, asked: { input, amount }, busy, no, given, onGiven, onBack }: ApproveProps) {
  const words = useOfficeWords();
  const till = useWords();
  const { language } = useSettings();
  const session = useSession();
  const approvers = useApprovers();
  const [chosen, setChosen] = useState<StaffBody | null>(
    approvers.length === 1 ? (approvers[0] ?? null) : null,
  );
  const [refused, setRefused] = useState<string | null>(null);

  async function approve(pin: string) {
    if (!chosen) return;
    try {
      const { id } = await office.approve({
        action: `sale.${input.kind}`,
        subject: sale.id,
        amount: toWire(money(amount, IDR)),
        approver_id: chosen.id,
        pin,
        reason: input.reason,
      });
      await onGiven(id);
    } catch (error) {
      const seconds =
        error instanceof Refused && error.problem.code === "pin_delayed" ? error.retryAfterSeconds : 0;
      setRefused([why(error, language), seconds > 0 && till.waitSeconds(seconds)].filter(Boolean).join(" "));
    }
  }

  return (
    <div className="form approve">
      <section className="approve-what">
        <span>{input.kind === "void" ? words.toApproveVoid : words.toApproveRefund}</span>
        <Amount minor={amount} look="title" />
        <small>
          {[sale.receipt_number, input.reason].filter(Boolean).join(" · ")}
          <br />
          {session && words.askedBy(session.staff.name)}
        </small>
      </section>
      {given === undefined ? (
        <>
          <div className="staff" role="group" aria-label={words.whoApproves}>
            {approvers.map((person) => (
              <button
                key={person.id}
                type="button"
                className="staff-tile approver"
                aria-pressed={chosen?.id === person.id}
                onClick={() => {
                  setChosen(person);
                  setRefused(null);
                }}
              >
                <span className="staff-face" aria-hidden="true">
                  {initials(person.name)}
                </span>
                <span className="staff-name">{person.name}</span>
              </button>
            ))}
          </div>
          <div className="approve-pin">
            <PinPad
              key={chosen?.id}
              label={chosen ? till.pinOf(chosen.name) : words.approverPin}
              hint={busy ? words.working : chosen ? words.approves(chosen.name) : words.choosePerson}
              no={refused ?? no ?? undefined}
              disabled={!chosen || busy}
              onType={() => setRefused(null)}
              onPin={approve}
            />
          </div>
        </>
      ) : (
        <>
          <No>{no}</No>
          <button type="button" className="key-primary" disabled={busy} onClick={() => void onGiven(given)}>
            {busy ? words.working : words.again}
          </button>
        </>
      )}
      <button type="button" className="key-quiet" disabled={busy} onClick={onBack}>
        {words.backToWhat}
      </button>
    </div>
  );
}

/** Where the money is now, and what the cashier has to do. */
function Done({
  sale,
  id,
  onClose,
}: {
  readonly sale: SaleBody;
  readonly id: string;
  readonly onClose: () => void;
}) {
  const words = useOfficeWords();
  const till = useWords();
  const amountText = useAmountText();
  const done = sale.returns.find((each) => each.id === id);
  return (
    <div className="form back-done">
      {done && <Amount minor={minorOf(done.amount)} look="total" />}
      <ul className="plain" role="status">
        {done?.refunds.map(({ method, amount, state }) => {
          const [sum, name] = [amountText(minorOf(amount)), tenderWord(method, till)];
          const text =
            method === "CASH"
              ? words.handCash(sum)
              : state === "succeeded"
                ? words.byProvider(name, sum)
                : state === "failed"
                  ? words.failedBack(name, sum)
                  : state === "manual"
                    ? words.byHand(name, sum)
                    : words.byProviderLater(name, sum);
          return <li key={`${method} ${sum}`}>{text}</li>;
        })}
      </ul>
      <button type="button" className="key-primary" onClick={onClose}>
        {words.done}
      </button>
    </div>
  );
}
