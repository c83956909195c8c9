import { IDR, money, toText, type Id } from "@onegate/contract";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, isOutcomeUnknown, Refused } from "../api.ts";
import { device, revoked, useRevoked } from "../device.ts";
import { isWholeCode, toCode } from "../code.ts";
import { invitation, recovering, settingUp, useInvitation } from "../doors.ts";
import { pieces } from "../machine.ts";
import { Icon } from "../parts/Icon.tsx";
import { NewPin } from "../parts/NewPin.tsx";
import { shopChanged } from "../server.ts";
import { useSettings } from "../settings.ts";
import { minorOf } from "../sum.ts";
import { connect, unlock, useTill } from "../till.ts";
import { toClock } from "../when.ts";
import { CodeField, Page } from "./Page.tsx";
import { useSetupWords } from "./words.ts";
import "./setup.css";

/**
 * Connects a till to a shop by a code. The code of a scanned invitation is used at once, unless this till is
 * connected already.
 */
export function Enrol() {
  const words = useSetupWords();
  const { language } = useSettings();
  const invited = useInvitation();
  const wasRevoked = useRevoked();
  const known = device.get();
  const asks = known !== null && !known.isDemo && !wasRevoked;
  const { data: setup } = useQuery({ queryKey: ["setup"], queryFn: api.setupState, retry: false });
  const [code, setCode] = useState(invited ?? "");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Refused | "silent" | null>(null);
  const began = useRef(false);

  async function enrol(whole: string) {
    if (!isWholeCode(whole) || busy) return;
    setBusy(true);
    setFailure(null);
    try {
      connect(await api.enrol(whole), false);
      shopChanged();
      invitation.set(null);
    } catch (error) {
      setFailure(error instanceof Refused && !isOutcomeUnknown(error) ? error : "silent");
      setBusy(false);
    }
  }

  useEffect(() => {
    if (began.current || !invited || asks) return;
    began.current = true;
    void enrol(invited);
  });

  return (
    <Page
      title={words.connect}
      why={asks ? words.connectAgain(known.name) : words.connectHow}
      onBack={invited !== null && (asks || known?.isDemo) ? () => invitation.set(null) : undefined}
      onSubmit={() => void enrol(code)}
      keys={
        <>
          <button type="submit" className="key-primary" disabled={busy || !isWholeCode(code)}>
            {busy ? words.connecting : words.connectNow}
          </button>
          {!asks && (
            <div className="setup-else">
              <p>{words.otherwise}</p>
              {setup?.allowed && (
                <button type="button" className="key-quiet" onClick={() => settingUp.set(true)}>
                  {words.otherwiseNew}
                </button>
              )}
              <button type="button" className="key-quiet" onClick={() => recovering.set(true)}>
                {words.otherwiseOwner}
              </button>
            </div>
          )}
        </>
      }
    >
      <CodeField
        label={words.code}
        value={code}
        hint={words.codeHint}
        no={
          failure === null
            ? undefined
            : failure === "silent"
              ? words.noServer
              : failure.problem.detail[language]
        }
        onChange={(typed) => {
          setFailure(null);
          setCode(toCode(typed));
        }}
      />
    </Page>
  );
}

/** Owner recovery: a code that the server prints connects this browser, and the owner chooses a new PIN. */
export function Recover() {
  const words = useSetupWords();
  const { language } = useSettings();
  const [code, setCode] = useState("");
  const [isWhole, setWhole] = useState(false);
  const [failure, setFailure] = useState<Refused | "silent" | null>(null);
  const why =
    failure === null ? undefined : failure === "silent" ? words.noServer : failure.problem.detail[language];
  const leave = () => recovering.set(false);

  async function recover(pin: string) {
    setFailure(null);
    try {
      const done = await api.recover(code, pin);
      connect(done, false);
      shopChanged();
      unlock(done.session, pin);
      leave();
    } catch (error) {
      const refusal = error instanceof Refused && !isOutcomeUnknown(error) ? error : "silent";
      setFailure(refusal);
      if (refusal !== "silent" && refusal.problem.code !== "pin_too_simple") setWhole(false);
    }
  }

  if (isWhole) {
    return (
      <Page title={words.recoverPin} why={words.recoverPinWhy} onBack={() => setWhole(false)}>
        <div className="setup-pin">
          <NewPin name={words.owner} no={why} onPin={recover} />
        </div>
      </Page>
    );
  }
  const take = () => {
    setFailure(null);
    setWhole(isWholeCode(code));
  };
  return (
    <Page
      title={words.recover}
      why={
        <>
          {words.recoverHow} <code>npm run onegate -- owner-code</code>
        </>
      }
      onBack={leave}
      onSubmit={take}
      keys={
        <button type="submit" className="key-primary" disabled={!isWholeCode(code)}>
          {words.next}
        </button>
      }
    >
      <CodeField
        label={words.code}
        value={code}
        hint={words.recoverHint}
        no={why}
        onChange={(typed) => setCode(toCode(typed))}
      />
    </Page>
  );
}

/** When an id of the till was made: a UUIDv7 begins with a timestamp in milliseconds. */
const madeAt = (id: Id) => new Date(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toISOString();

/** Shown after the server has revoked this till: what that means for the sale that was under way. */
export function Revoked() {
  const words = useSetupWords();
  const { language } = useSettings();
  const till = useTill();
  const open = till.at === "locked" ? till.behind : till;
  const left = () => {
    if (open.at === "waiting" || open.at === "static") return words.revokedWaiting;
    if (open.at !== "sending") return words.revokedNothing;
    const { id, total } = open.sale;
    const sum = toText(money(minorOf({ ...total, amount: String(total.amount) }), IDR), language);
    const what = open.cart.map(({ quantity, name }) => `${quantity}× ${name}`).join(", ");
    return words.revokedUnsent(
      sum,
      toClock(madeAt(id), language, Intl.DateTimeFormat().resolvedOptions().timeZone),
      what,
    );
  };
  return (
    <Page
      title={words.revoked}
      why={words.revokedWhat}
      keys={
        <button
          type="button"
          className="key-primary"
          onClick={() => {
            device.set(null);
            revoked.set(false);
            shopChanged();
          }}
        >
          {words.connectNew}
        </button>
      }
    >
      <p className="setup-note" role="status">
        <Icon name="alert" />
        <span>
          {left()}
          {(open.at === "selling" || open.at === "paying") &&
            open.cart.length > 0 &&
            ` ${words.revokedCart(pieces(open.cart))}`}
        </span>
      </p>
    </Page>
  );
}
