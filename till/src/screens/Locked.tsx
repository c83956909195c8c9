import type { Id, SessionBody, StaffBody } from "@onegate/contract";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, isOutcomeUnknown, Refused } from "../api.ts";
import { otherDevice, useDevice } from "../device.ts";
import { settingUp } from "../doors.ts";
import { Gate } from "../parts/Gate.tsx";
import { NewPin } from "../parts/NewPin.tsx";
import { PinPad } from "../parts/PinPad.tsx";
import { initials, ShopMark } from "../parts/ShopMark.tsx";
import type { Opened } from "../sealed.ts";
import { shopChanged, useShopQuery } from "../server.ts";
import { useSettings } from "../settings.ts";
import { kept, useStore } from "../store.ts";
import { changeShop, seals, unlock, unlockSealed, useTill } from "../till.ts";
import { useWords, type Words } from "../words.ts";

const lastStaff = kept(localStorage, "onegate.staff");

/** How often the locked screen reads the shop, to notice changed staff, changed roles or a revoked device. */
const REFRESH_MS = 60_000;
/** How long to wait for the server's answer before a sealed session is tried instead. */
const OFFLINE_TIMEOUT_MS = 5_000;

export function Locked() {
  const words = useWords();
  const { data: shop, isError, failureCount } = useShopQuery(REFRESH_MS);
  const till = useTill();
  const awaited = till.at === "locked" && ["waiting", "sending", "static"].includes(till.behind.at);
  const isAway = isError || failureCount > 0;
  return (
    <div className="locked">
      <header className="locked-brand">
        <ShopMark>
          <Gate title="Onegate" />
        </ShopMark>
        <h1>{shop?.outlet.name ?? "Onegate"}</h1>
        <p>{shop && shop.merchant.name !== shop.outlet.name ? shop.merchant.name : words.tagline}</p>
      </header>
      <main className="locked-door">
        {awaited && (
          <p className="locked-awaited" role="status">
            {words.pending}
          </p>
        )}
        {shop ? <Door staff={shop.staff} isAway={isAway} /> : isAway && <p role="alert">{words.noServer}</p>}
        {shop?.mode === "sandbox" && <OwnShop />}
      </main>
    </div>
  );
}

/** In a sandbox, anybody may switch between the demo shop and their own. */
function OwnShop() {
  const words = useWords();
  const here = useDevice();
  const other = useStore(otherDevice);
  const { data: setup } = useQuery({
    queryKey: ["setup"],
    queryFn: api.setupState,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isAway = here !== null && !here.isDemo;
  if (!isAway && !other && !setup?.allowed) return null;
  const change = () => {
    changeShop();
    shopChanged();
  };
  return (
    <button
      type="button"
      className="key-quiet"
      onClick={isAway || other ? change : () => settingUp.set(true)}
    >
      {isAway ? words.demoShop : other ? words.myShop : words.ownShop}
    </button>
  );
}

type Failure = Refused | Exclude<Opened, { is: "open" }>;

function refusalFor(failure: Failure, words: Words, language: "id" | "en"): string {
  if (failure instanceof Refused)
    return failure.problem.code === "pin_delayed" ? words.tooManyPins : failure.problem.detail[language];
  if (failure.is === "wrong") return words.wrongOffline(failure.left);
  if (failure.is === "wait") return words.waitOffline;
  return failure.is === "destroyed" ? words.destroyedOffline : words.noServer;
}

function secondsOf(failure: Failure): number {
  if (!(failure instanceof Refused)) return "seconds" in failure ? failure.seconds : 0;
  return failure.problem.code === "pin_delayed" ? Math.max(1, failure.retryAfterSeconds) : 0;
}

function Door({ staff, isAway }: { readonly staff: readonly StaffBody[]; readonly isAway: boolean }) {
  const words = useWords();
  const { language } = useSettings();
  const [chosen, setChosen] = useState<Id | null>(
    () => staff.find(({ id }) => id === lastStaff.read())?.id ?? null,
  );
  const [checking, setChecking] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [wait, pause] = usePause();
  const [changing, setChanging] = useState<{ readonly session: SessionBody; readonly pin: string } | null>(
    null,
  );
  const who = staff.find(({ id }) => id === chosen);

  async function enter(id: Id, pin: string) {
    setChecking(true);
    const refusal = await unlockBy(id, pin, (session) => setChanging({ session, pin }));
    setChecking(false);
    if (!refusal) return lastStaff.write(id);
    setFailure(refusal);
    pause(secondsOf(refusal));
  }

  if (changing) return <ChangePin {...changing} onEnd={() => setChanging(null)} />;
  const hint = checking
    ? words.checkingPin
    : !who
      ? words.chooseStaff
      : !isAway
        ? words.enterPin
        : seals.has(who.id)
          ? words.offlinePin
          : words.offlineNoPin(who.name);
  return (
    <>
      <h2 className="locked-question">{words.whoSells}</h2>
      <div className="staff" role="group" aria-label={words.whoSells}>
        {staff.map(({ id, name, role, role_name: roleName }) => (
          <button
            key={id}
            type="button"
            className="staff-tile"
            aria-label={name}
            aria-pressed={id === chosen}
            onClick={() => {
              setChosen(id);
              setFailure(undefined);
              pause(0);
            }}
          >
            <span className="staff-face" aria-hidden="true">
              {initials(name)}
            </span>
            <span className="staff-name">{name}</span>
            <small>{roleName ?? words[role]}</small>
          </button>
        ))}
      </div>
      <PinPad
        key={chosen}
        label={who ? words.pinOf(who.name) : words.enterPin}
        hint={hint}
        no={
          failure &&
          [
            refusalFor(failure, words, language),
            wait > 90 ? words.waitMinutes(Math.ceil(wait / 60)) : wait > 0 ? words.waitSeconds(wait) : "",
          ]
            .join(" ")
            .trim()
        }
        disabled={!who || wait > 0}
        onType={() => setFailure(undefined)}
        onPin={(pin) => (who ? enter(who.id, pin) : undefined)}
      />
    </>
  );
}

/** Whole seconds left to wait. They are calculated from the clock, so they are right after a tablet slept. */
function usePause(): [seconds: number, begin: (seconds: number) => void] {
  const [{ until, now }, setPause] = useState({ until: 0, now: 0 });
  const isWaiting = until > now;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => setPause((pause) => ({ ...pause, now: Date.now() })), 500);
    return () => clearInterval(timer);
  }, [isWaiting]);
  const begin = (seconds: number) => setPause({ until: Date.now() + seconds * 1_000, now: Date.now() });
  return [Math.max(0, Math.ceil((until - now) / 1_000)), begin];
}

/** Opens the till by the server, or by the sealed session if there is no answer. Resolves to any failure. */
async function unlockBy(
  staffId: Id,
  pin: string,
  onChange: (session: SessionBody) => void,
): Promise<Failure | undefined> {
  try {
    const session = await api.unlock(staffId, pin, seals.has(staffId) ? OFFLINE_TIMEOUT_MS : undefined);
    if (session.must_change_pin) onChange(session);
    else unlock(session, pin);
    return undefined;
  } catch (error) {
    if (error instanceof Refused && !isOutcomeUnknown(error)) return error;
    const opened = await seals.open(staffId, pin);
    if (opened.is !== "open") return opened;
    unlockSealed(opened.session);
    return undefined;
  }
}

type ChangeProps = { readonly session: SessionBody; readonly pin: string; readonly onEnd: () => void };

/** Shown after the PIN was used on a lost device: the PIN must be changed before the till opens. */
function ChangePin({ session, pin, onEnd }: ChangeProps) {
  const words = useWords();
  const { language } = useSettings();
  const [failure, setFailure] = useState<Refused | "silent" | null>(null);

  async function change(newPin: string) {
    try {
      unlock({ ...session, ...(await api.changePin(session.token, pin, newPin)) }, newPin);
    } catch (error) {
      if (error instanceof Refused && error.problem.code === "unauthenticated") return onEnd();
      setFailure(error instanceof Refused ? error : "silent");
    }
  }

  return (
    <>
      <h2>{words.changePin}</h2>
      <p className="locked-why">{words.changePinWhy(session.staff.name)}</p>
      <NewPin
        name={session.staff.name}
        no={
          failure === null
            ? undefined
            : failure === "silent"
              ? words.noServer
              : failure.problem.detail[language]
        }
        onPin={change}
      />
      <button type="button" className="key-quiet" onClick={onEnd}>
        {words.notNow}
      </button>
    </>
  );
}
