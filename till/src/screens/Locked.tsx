import type { Id, StaffBody } from "@onegate/contract";
import { useEffect, useState } from "react";
import { api, Refused } from "../api.ts";
import { Gate } from "../parts/Gate.tsx";
import { Keypad } from "../parts/Keypad.tsx";
import { useShopQuery } from "../server.ts";
import { useSettings } from "../settings.ts";
import { kept } from "../store.ts";
import { unlock, useTill } from "../till.ts";
import { useWords } from "../words.ts";

const PIN_LENGTH = 6;
const lastStaff = kept(localStorage, "onegate.staff");

const initials = (name: string) =>
  name
    .split(" ")
    .slice(0, 2)
    .map((word) => word.slice(0, 1))
    .join("");

export function Locked() {
  const words = useWords();
  const { data: shop, isError, failureCount } = useShopQuery();
  const till = useTill();
  const awaited = till.at === "locked" && ["waiting", "sending", "static"].includes(till.behind.at);
  return (
    <div className="locked">
      <header className="locked-brand">
        <Gate title="Onegate" />
        <h1>{shop?.outlet.name ?? "Onegate"}</h1>
        <p>{shop?.merchant.name ?? words.tagline}</p>
      </header>
      <main className="locked-door">
        {awaited && (
          <p className="locked-awaited" role="status">
            {words.pending}
          </p>
        )}
        {shop ? <Door staff={shop.staff} /> : (isError || failureCount > 0) && <p role="alert">{words.noServer}</p>}
      </main>
    </div>
  );
}

function Door({ staff }: { readonly staff: readonly StaffBody[] }) {
  const words = useWords();
  const { language } = useSettings();
  const [chosen, setChosen] = useState<Id | null>(() => staff.find(({ id }) => id === lastStaff.read())?.id ?? null);
  const [pin, setPin] = useState("");
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState<Refused | "silent" | null>(null);
  const [wait, setWait] = useState(0);
  const who = staff.find(({ id }) => id === chosen);
  const closed = !who || asking || wait > 0;

  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1_000);
    return () => clearTimeout(timer);
  }, [wait]);

  async function enter(id: Id, whole: string) {
    setAsking(true);
    try {
      const session = await api.unlock(id, whole);
      lastStaff.write(id);
      unlock(session);
    } catch (error) {
      setRefused(error instanceof Refused ? error : "silent");
      setWait(error instanceof Refused && error.problem.code === "pin_delayed" ? Math.max(1, error.retryAfterSeconds) : 0);
      setPin("");
      setAsking(false);
    }
  }

  function press(digits: string) {
    if (closed) return;
    const longer = (pin + digits).slice(0, PIN_LENGTH);
    setPin(longer);
    setRefused(null);
    if (longer.length === PIN_LENGTH) void enter(who.id, longer);
  }

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (/^[0-9]$/.test(event.key)) press(event.key);
      else if (event.key === "Backspace") setPin((before) => before.slice(0, -1));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  const no = refused === "silent" ? words.noServer : refused?.problem.detail[language];
  return (
    <>
      <h2 className="locked-question">{words.whoSells}</h2>
      <div className="staff" role="group" aria-label={words.whoSells}>
        {staff.map(({ id, name, role }) => (
          <button
            key={id}
            type="button"
            className="staff-tile"
            aria-label={name}
            aria-pressed={id === chosen}
            onClick={() => {
              setChosen(id);
              setPin("");
              setRefused(null);
            }}
          >
            <span className="staff-face" aria-hidden="true">
              {initials(name)}
            </span>
            <span className="staff-name">{name}</span>
            <small>{words[role]}</small>
          </button>
        ))}
      </div>
      <div className={refused ? "pin pin-refused" : "pin"} role="img" aria-label={who ? words.pinOf(who.name) : words.enterPin}>
        {Array.from({ length: PIN_LENGTH }, (_, place) => (
          <span key={place} className={place < pin.length ? "pin-dot pin-dot-full" : "pin-dot"} />
        ))}
      </div>
      <p className={no === undefined ? "pin-hint" : "pin-hint pin-no"} role={no === undefined ? "status" : "alert"}>
        {no ?? (asking ? words.checkingPin : who ? words.enterPin : words.chooseStaff)}
        {wait > 0 && ` ${words.waitSeconds(wait)}`}
      </p>
      <Keypad disabled={closed} onDigits={press} onErase={() => setPin((before) => before.slice(0, -1))} />
    </>
  );
}
