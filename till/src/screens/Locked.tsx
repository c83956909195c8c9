import type { Id, SessionBody, StaffBody } from "@onegate/contract";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, isUndecided, Refused } from "../api.ts";
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

/** Staff, roles and a revoked device are heard of at the locked screen too. */
const REFRESH_MS = 60_000;
/** How long the server may take to answer before a sealed session is tried instead. */
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

/** In a sandbox anybody may leave the demo for a shop of their own, and come back. */
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

type No = Refused | Exclude<Opened, { is: "open" }>;

function refusalFor(no: No, words: Words, language: "id" | "en"): string {
  if (no instanceof Refused)
    return no.problem.code === "pin_delayed" ? words.tooManyPins : no.problem.detail[language];
  if (no.is === "wrong") return words.wrongOffline(no.left);
  if (no.is === "wait") return words.waitOffline;
  return no.is === "destroyed" ? words.destroyedOffline : words.noServer;
}

function secondsOf(no: No): number {
  if (!(no instanceof Refused)) return "seconds" in no ? no.seconds : 0;
  return no.problem.code === "pin_delayed" ? Math.max(1, no.retryAfterSeconds) : 0;
}

function Door({ staff, isAway }: { readonly staff: readonly StaffBody[]; readonly isAway: boolean }) {
  const words = useWords();
  const { language } = useSettings();
  const [chosen, setChosen] = useState<Id | null>(
    () => staff.find(({ id }) => id === lastStaff.read())?.id ?? null,
  );
  const [asking, setAsking] = useState(false);
  const [no, setNo] = useState<No>();
  const [wait, pause] = usePause();
  const [changing, setChanging] = useState<{ readonly session: SessionBody; readonly pin: string } | null>(
    null,
  );
  const who = staff.find(({ id }) => id === chosen);

  async function enter(id: Id, pin: string) {
    setAsking(true);
    const refusal = await unlockBy(id, pin, (session) => setChanging({ session, pin }));
    setAsking(false);
    if (!refusal) return lastStaff.write(id);
    setNo(refusal);
    pause(secondsOf(refusal));
  }

  if (changing) return <ChangePin {...changing} onEnd={() => setChanging(null)} />;
  const hint = asking
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
              setNo(undefined);
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
          no &&
          [
            refusalFor(no, words, language),
            wait > 90 ? words.waitMinutes(Math.ceil(wait / 60)) : wait > 0 ? words.waitSeconds(wait) : "",
          ]
            .join(" ")
            .trim()
        }
        disabled={!who || wait > 0}
        onType={() => setNo(undefined)}
        onPin={(pin) => (who ? enter(who.id, pin) : undefined)}
      />
    </>
  );
}

/** Whole seconds still to wait, counted down; a tablet that slept meanwhile has not stopped the clock. */
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

/** Opens the till by the server's word, or without the server by what is sealed; answers why not. */
async function unlockBy(
  staffId: Id,
  pin: string,
  onChange: (session: SessionBody) => void,
): Promise<No | undefined> {
  try {
    const session = await api.unlock(staffId, pin, seals.has(staffId) ? OFFLINE_TIMEOUT_MS : undefined);
    if (session.must_change_pin) onChange(session);
    else unlock(session, pin);
    return undefined;
  } catch (error) {
    if (error instanceof Refused && !isUndecided(error)) return error;
    const opened = await seals.open(staffId, pin);
    if (opened.is !== "open") return opened;
    unlockSealed(opened.session);
    return undefined;
  }
}

type ChangeProps = { readonly session: SessionBody; readonly pin: string; readonly onEnd: () => void };

/** The PIN was given on a device that is lost now: it opens nothing but this. */
function ChangePin({ session, pin, onEnd }: ChangeProps) {
  const words = useWords();
  const { language } = useSettings();
  const [no, setNo] = useState<Refused | "silent" | null>(null);

  async function change(newPin: string) {
    try {
      unlock({ ...session, ...(await api.changePin(session.token, pin, newPin)) }, newPin);
    } catch (error) {
      if (error instanceof Refused && error.problem.code === "unauthenticated") return onEnd();
      setNo(error instanceof Refused ? error : "silent");
    }
  }

  return (
    <>
      <h2>{words.changePin}</h2>
      <p className="locked-why">{words.changePinWhy(session.staff.name)}</p>
      <NewPin
        name={session.staff.name}
        no={no === null ? undefined : no === "silent" ? words.noServer : no.problem.detail[language]}
        onPin={change}
      />
      <button type="button" className="key-quiet" onClick={onEnd}>
        {words.notNow}
      </button>
    </>
  );
}
