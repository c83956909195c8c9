import type { KeyBody, KeyScope } from "@onegate/contract";
import { useState } from "react";
import { serverNow } from "../clock.ts";
import { showNotice } from "../notices.ts";
import { Icon } from "../parts/Icon.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { useMay } from "../server.ts";
import { Asked, Check, Empty, Head, No, Select, Text, useMoment } from "./parts.tsx";
import { office, refresh, useAct, useKeys } from "./server.ts";
import { dictionary, useOfficeWords } from "./words.ts";

const SCOPES = Object.keys({
  "payments.read": true,
  "payments.write": true,
  "refunds.write": true,
  "cases.read": true,
  "cases.write": true,
  "transfers.read": true,
  "transfers.write": true,
  "webhooks.read": true,
  "webhooks.write": true,
} satisfies Record<KeyScope, true>) as KeyScope[];

const isOver = ({ expires_at: end }: KeyBody) => end !== null && Date.parse(end) <= serverNow();

export function Keys() {
  const words = useOfficeWords();
  const may = useMay();
  const query = useKeys();
  const [open, setOpen] = useState<KeyBody | "new" | null>(null);
  return (
    <>
      <Head
        title={words.keys}
        action={may("merchant_key.manage") ? { label: words.makeKey, run: () => setOpen("new") } : undefined}
      />
      <Asked query={query}>
        {({ keys }) => (
          <>
            {keys.length === 0 && <Empty icon="apiKeys" title={words.keysNone} hint={words.keysNoneHint} />}
            <ul className="rows">
              {keys.map((key) => (
                <li key={key.id}>
                  <Row shown={key} onOpen={() => setOpen(key)} />
                </li>
              ))}
            </ul>
            <section className="office-note">
              <h2>{words.rotation}</h2>
              <p>{words.rotationHow}</p>
            </section>
          </>
        )}
      </Asked>
      {open === "new" && <NewKey onClose={() => setOpen(null)} />}
      {open !== null && open !== "new" && <OneKey shown={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Row({ shown, onOpen }: { readonly shown: KeyBody; readonly onOpen: () => void }) {
  const words = useOfficeWords();
  const moment = useMoment();
  const state = shown.revoked_at !== null ? words.revokedWord : isOver(shown) ? words.keyEnded : null;
  return (
    <button type="button" className={state === null ? "row" : "row row-off"} onClick={onOpen}>
      <Icon name="apiKeys" />
      <span className="row-main">
        <strong>{shown.name}</strong>
        <small className="code">{shown.prefix}…</small>
      </span>
      <span className="row-facts">
        <span>
          {shown.last_used_at === null ? words.neverUsed : words.lastUsed(moment(shown.last_used_at))}
        </span>
      </span>
      <span className="row-marks">
        <em className="mark">{state ?? (shown.mode === "live" ? words.liveKey : words.testKey)}</em>
      </span>
    </button>
  );
}

const DAYS = ["90", "365", "0"] as const;

function NewKey({ onClose }: { readonly onClose: () => void }) {
  const words = useOfficeWords();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly KeyScope[]>(["payments.read", "payments.write"]);
  const [days, setDays] = useState<(typeof DAYS)[number]>("365");
  const [secret, setSecret] = useState<string | null>(null);
  const { act, busy, no } = useAct();

  async function make() {
    const made = await act(() =>
      office.makeKey(
        name.trim(),
        SCOPES.filter((scope) => scopes.includes(scope)),
        days === "0" ? null : Number(days),
      ),
    );
    if (made) setSecret(made.answer.key);
    void refresh("/keys");
  }

  if (secret !== null) {
    return (
      <Sheet title={name} onClose={onClose}>
        <div className="form">
          <p className="form-alert">{words.keyOnce}</p>
          <output className="secret" aria-label={words.keyIs}>
            {secret}
          </output>
          <button type="button" className="key-second" onClick={() => void copy(secret)}>
            <Icon name="copy" />
            {words.copy}
          </button>
          <button type="button" className="key-primary" onClick={onClose}>
            {words.keySaved}
          </button>
        </div>
      </Sheet>
    );
  }
  return (
    <Sheet title={words.newKey} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Text label={words.name} hint={words.keyNameHint} value={name} onChange={setName} />
        <fieldset className="checks">
          <legend>{words.scopes}</legend>
          {SCOPES.map((scope) => (
            <Check
              key={scope}
              label={words[scope]}
              note={scope}
              checked={scopes.includes(scope)}
              onChange={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((each) => each !== scope))}
            />
          ))}
        </fieldset>
        <Select
          label={words.expiry}
          value={days}
          options={DAYS.map(
            (each) => [each, each === "0" ? words.noExpiry : words.days(Number(each))] as const,
          )}
          onChange={setDays}
        />
        <No>{no}</No>
        <button
          type="submit"
          className="key-primary"
          disabled={busy || name.trim() === "" || scopes.length === 0}
        >
          {busy ? words.saving : words.makeKey}
        </button>
      </form>
    </Sheet>
  );
}

async function copy(secret: string): Promise<void> {
  const result = await navigator.clipboard.writeText(secret).then(
    () => ({ tone: "plain", word: "copied" }) as const,
    () => ({ tone: "refusal", word: "notCopied" }) as const,
  );
  showNotice({ tone: result.tone, text: (_, language) => dictionary[language][result.word] });
}

function OneKey({ shown, onClose }: { readonly shown: KeyBody; readonly onClose: () => void }) {
  const words = useOfficeWords();
  const may = useMay();
  const moment = useMoment();
  const { act, busy, no } = useAct();

  async function revoke() {
    if (!(await act(() => office.revokeKey(shown.id)))) return;
    showNotice({ tone: "plain", text: (_, language) => dictionary[language].keyRevoked(shown.name) });
    onClose();
    void refresh("/keys");
  }

  return (
    <Sheet title={shown.name} onClose={onClose}>
      <div className="form">
        <p className="code">{shown.prefix}…</p>
        <ul className="plain">
          {shown.scopes.map((scope) => (
            <li key={scope}>
              {words[scope]} <small className="soft">{scope}</small>
            </li>
          ))}
        </ul>
        <p className="soft">
          {[
            shown.last_used_at === null ? words.neverUsed : words.lastUsed(moment(shown.last_used_at)),
            shown.expires_at === null ? words.noExpiry : words.keyEnds(moment(shown.expires_at)),
            shown.revoked_at !== null && words.revokedOn(moment(shown.revoked_at)),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {shown.revoked_at === null && may("merchant_key.manage") && (
          <>
            <p>{words.revokeKeyHint}</p>
            <No>{no}</No>
            <button type="button" className="key-second key-no" disabled={busy} onClick={() => void revoke()}>
              {words.revokeKey}
            </button>
          </>
        )}
      </div>
    </Sheet>
  );
}
