import { newId, TAX_CHOICES, type SetupBody } from "@onegate/contract";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, isOutcomeUnknown, Refused } from "../api.ts";
import { isWholeCode, toCode } from "../code.ts";
import { settingUp, setupCode } from "../doors.ts";
import { Gate } from "../parts/Gate.tsx";
import { Icon } from "../parts/Icon.tsx";
import { NewPin } from "../parts/NewPin.tsx";
import { initials } from "../parts/ShopMark.tsx";
import { shopChanged } from "../server.ts";
import { useSettings } from "../settings.ts";
import { connect, unlock } from "../till.ts";
import { readProducts, type ProductRow } from "./csv.ts";
import { forgetDraft, note, useDraft, zones, type Draft } from "./draft.ts";
import { toLogo } from "./logo.ts";
import { CodeField, Field, Page } from "./Page.tsx";
import { Products } from "./Products.tsx";
import { useSetupWords } from "./words.ts";
import "./setup.css";

/** The screens in order; screens in one group count as one step for the user. */
const walk = [
  ["code"],
  ["shop"],
  ["tax"],
  ["logo"],
  ["owner", "pin"],
  ["cashier", "cashierPin"],
  ["products"],
] as const;
type Step = (typeof walk)[number][number];

type Pins = { readonly owner: string | null; readonly cashier: string | null };

/** Refusals of the server, and the screen on which the user corrects the input. */
const corrected: Readonly<Record<string, Step>> = {
  setup_code_wrong: "code",
  pin_too_simple: "pin",
  logo_invalid: "logo",
  time_zone_unknown: "shop",
};

/** Sets up a shop in a few steps. Typed input is kept when the browser is closed; PINs are not. */
export function Setup() {
  const { data: state, error } = useQuery({
    queryKey: ["setup"],
    queryFn: api.setupState,
    retry: (_, failure) => isOutcomeUnknown(failure),
    retryDelay: 2_000,
  });
  const words = useSetupWords();
  const [made, setMade] = useState<{ readonly name: string; readonly products: number } | null>(null);
  if (made) return <Ready {...made} />;
  if (!state) return <Page title={words.setup} why={error && words.noServer} />;
  return <Walk codeNeeded={state.code_needed} mayLeave={!state.needed} onMade={setMade} />;
}

type WalkProps = {
  readonly codeNeeded: boolean;
  readonly mayLeave: boolean;
  readonly onMade: (made: { readonly name: string; readonly products: number }) => void;
};

function Walk({ codeNeeded, mayLeave, onMade }: WalkProps) {
  const words = useSetupWords();
  const { language } = useSettings();
  const draft = useDraft();
  const [pins, setPins] = useState<Pins>({ owner: null, cashier: null });
  const [busy, setBusy] = useState(false);
  /** Everything was entered once; only the input that the server refused is entered again. */
  const [correcting, setCorrecting] = useState(false);
  useEffect(() => {
    const given = setupCode.get();
    if (given === null || !codeNeeded) return;
    note({ code: given, step: draft.step === "" ? "shop" : draft.step });
    setupCode.set(null);
  });
  const [refusal, setRefusal] = useState<{ readonly at: Step; readonly why: string } | null>(null);

  const parts = walk.filter(([first]) => first !== "code" || codeNeeded);
  const steps: Step[] = parts.flatMap((part) =>
    part.filter((step) => step !== "cashierPin" || draft.cashierName.trim() !== ""),
  );
  const wanted = Math.max(0, steps.indexOf(draft.step as Step));
  const lost = steps.findIndex(
    (step) => (step === "pin" && pins.owner === null) || (step === "cashierPin" && pins.cashier === null),
  );
  const place = lost === -1 ? wanted : Math.min(wanted, lost);
  const step = steps[place] ?? "shop";
  const number = parts.findIndex((part) => (part as readonly Step[]).includes(step)) + 1;
  const why = refusal?.at === step ? refusal.why : undefined;

  function go(to: Step | undefined) {
    setRefusal(null);
    if (to) note({ step: to });
  }
  // going forward skips a PIN that was chosen already; going back shows it again
  const isChosen = (candidate: Step) =>
    (candidate === "pin" && pins.owner !== null) || (candidate === "cashierPin" && pins.cashier !== null);
  const onNext = () => {
    setCorrecting(false);
    go(correcting ? "products" : steps.slice(place + 1).find((next) => !isChosen(next)));
  };
  const onBack = place > 0 ? () => go(steps[place - 1]) : mayLeave ? () => settingUp.set(false) : undefined;
  const common = { step: [number, parts.length] as const, onBack };

  async function make(withProducts: boolean) {
    if (pins.owner === null) return;
    settingUp.set(true);
    setBusy(true);
    setRefusal(null);
    const body = bodyOf(draft, { ...pins, owner: pins.owner }, withProducts);
    try {
      const done = await api.setUp(body, draft.key, codeNeeded ? draft.code : undefined);
      connect(done, false);
      shopChanged();
      unlock(done.session, pins.owner);
      forgetDraft();
      onMade({ name: draft.shopName.trim(), products: body.products?.length ?? 0 });
    } catch (error) {
      setBusy(false);
      if (!(error instanceof Refused) || isOutcomeUnknown(error))
        return setRefusal({ at: "products", why: words.noAnswer });
      // nothing was created, so the next try needs a new key
      const at = corrected[error.problem.code] ?? "products";
      note({ key: newId(), step: at });
      setCorrecting(at !== "products");
      if (at === "pin") setPins({ owner: null, cashier: null });
      setRefusal({ at, why: error.problem.detail[language] });
    }
  }

  const nextKey = (isReady: boolean) => (
    <button type="submit" className="key-primary" disabled={!isReady}>
      {words.next}
    </button>
  );

  switch (step) {
    case "code":
      return (
        <Page
          {...common}
          title={words.setupCode}
          why={words.setupCodeWhy}
          onSubmit={() => isWholeCode(draft.code) && onNext()}
          keys={nextKey(isWholeCode(draft.code))}
        >
          <CodeField
            label={words.setupCode}
            value={draft.code}
            hint=""
            no={why}
            onChange={(code) => note({ code: toCode(code) })}
          />
          <p className="setup-why">
            {words.setupCodeNew} <code>npm run onegate -- setup-code</code>
          </p>
        </Page>
      );
    case "shop": {
      const isReady = draft.shopName.trim() !== "";
      return (
        <Page
          {...common}
          title={words.shop}
          why={words.shopWhy}
          onSubmit={() => isReady && onNext()}
          keys={nextKey(isReady)}
        >
          <Field
            label={words.shopName}
            value={draft.shopName}
            hint={words.shopNameHint}
            max={100}
            complete="organization"
            focus
            onChange={(shopName) => note({ shopName })}
          />
          <Field
            label={words.address}
            value={draft.address}
            hint={words.addressHint}
            max={300}
            complete="street-address"
            onChange={(address) => note({ address })}
          />
          <Field
            label={words.phone}
            value={draft.phone}
            hint="0812…"
            type="tel"
            max={20}
            complete="tel"
            onChange={(phone) => note({ phone })}
          />
          <div className="field" role="group" aria-label={words.zone}>
            <span>{words.zone}</span>
            <div className="switch">
              {zones.map(([zone, name]) => (
                <button
                  key={zone}
                  type="button"
                  aria-pressed={draft.zone === zone}
                  onClick={() => note({ zone })}
                >
                  {name}
                </button>
              ))}
            </div>
          </div>
          {why !== undefined && (
            <p className="over" role="alert">
              {why}
            </p>
          )}
        </Page>
      );
    }
    case "tax":
      return (
        <Page {...common} title={words.tax} why={words.taxWhy} onSubmit={onNext} keys={nextKey(true)}>
          <div className="options" role="radiogroup" aria-label={words.tax}>
            {TAX_CHOICES.map((tax) => (
              <button
                key={tax}
                type="button"
                role="radio"
                className="option"
                aria-checked={draft.tax === tax}
                onClick={() => note({ tax })}
              >
                <strong>{words.taxes[tax][0]}</strong>
                <span>{words.taxes[tax][1]}</span>
              </button>
            ))}
          </div>
        </Page>
      );
    case "logo":
      return <LogoStep common={common} no={why} onNext={onNext} />;
    case "owner": {
      const isReady = draft.ownerName.trim() !== "";
      return (
        <Page
          {...common}
          title={words.owner}
          why={words.ownerWhy}
          onSubmit={() => isReady && onNext()}
          keys={nextKey(isReady)}
        >
          <Field
            label={words.ownerName}
            value={draft.ownerName}
            max={100}
            complete="name"
            focus
            onChange={(ownerName) => note({ ownerName })}
          />
        </Page>
      );
    }
    case "pin":
      return (
        <Page
          {...common}
          title={words.ownerPin(draft.ownerName.trim())}
          why={wanted > place ? words.pinsAgain : words.pinWhy}
        >
          <div className="setup-pin">
            <NewPin
              key="owner"
              name={draft.ownerName.trim()}
              no={why}
              onPin={(pin) => {
                setPins({ ...pins, owner: pin });
                if (wanted === place) onNext();
              }}
            />
          </div>
        </Page>
      );
    case "cashier":
      return (
        <Page
          {...common}
          title={words.cashier}
          why={words.cashierWhy}
          onSubmit={onNext}
          keys={
            <button type="submit" className={draft.cashierName.trim() === "" ? "key-second" : "key-primary"}>
              {draft.cashierName.trim() === "" ? words.skip : words.next}
            </button>
          }
        >
          <Field
            label={words.cashierName}
            value={draft.cashierName}
            max={100}
            onChange={(cashierName) => note({ cashierName })}
          />
        </Page>
      );
    case "cashierPin":
      return (
        <Page
          {...common}
          title={words.ownerPin(draft.cashierName.trim())}
          why={wanted > place ? words.pinsAgain : words.pinWhy}
        >
          <div className="setup-pin">
            <NewPin
              key="cashier"
              name={draft.cashierName.trim()}
              no={why}
              onPin={(pin) => {
                setPins({ ...pins, cashier: pin });
                if (wanted === place) onNext();
              }}
            />
          </div>
        </Page>
      );
    case "products":
      return (
        <Products common={common} busy={busy} no={why} onMake={(withProducts) => void make(withProducts)} />
      );
  }
}

/** The request body: every text is trimmed, and empty fields are left out. */
function bodyOf(
  draft: Draft,
  pins: { readonly owner: string; readonly cashier: string | null },
  withProducts: boolean,
): SetupBody {
  const name = draft.shopName.trim();
  const cashier = draft.cashierName.trim();
  const rows = withProducts ? readProducts(draft.products).rows : [];
  return {
    merchant: { name },
    outlet: { name, address: draft.address.trim(), phone: draft.phone.trim(), time_zone: draft.zone },
    tax: draft.tax,
    ...(draft.logo === null ? {} : { logo: draft.logo }),
    owner: { name: draft.ownerName.trim(), pin: pins.owner },
    ...(cashier === "" || pins.cashier === null
      ? {}
      : { staff: [{ name: cashier, role: "cashier" as const, pin: pins.cashier }] }),
    ...(rows.length === 0 ? {} : { products: rows.map(toBody) }),
  };
}

function toBody({
  name,
  rupiah,
  category,
  barcode,
  stock,
}: ProductRow): NonNullable<SetupBody["products"]>[number] {
  return {
    name,
    price: `${rupiah}`,
    ...(category === undefined ? {} : { category }),
    ...(barcode === undefined ? {} : { barcode }),
    ...(stock === undefined ? {} : { stock }),
  };
}

type StepProps = {
  readonly common: { readonly step: readonly [number, number]; readonly onBack: (() => void) | undefined };
  readonly no: string | undefined;
  readonly onNext: () => void;
};

function LogoStep({ common, no, onNext }: StepProps) {
  const words = useSetupWords();
  const { logo, shopName } = useDraft();
  const [unfit, setUnfit] = useState(false);

  async function pick(file: File | undefined) {
    if (!file) return;
    const made = await toLogo(file);
    setUnfit(made === undefined);
    if (made !== undefined) note({ logo: made });
  }

  return (
    <Page
      {...common}
      title={words.logo}
      why={words.logoWhy}
      onSubmit={onNext}
      keys={
        <button type="submit" className={logo === null ? "key-second" : "key-primary"}>
          {logo === null ? words.skip : words.next}
        </button>
      }
    >
      <div className="logo">
        <span className="logo-mark">{logo === null ? initials(shopName) : <img src={logo} alt="" />}</span>
        <label className="key-second logo-pick">
          <Icon name="plus" />
          {logo === null ? words.logoPick : words.logoOther}
          <input
            type="file"
            accept="image/png,image/jpeg,image/webp"
            onChange={({ target }) => void pick(target.files?.[0])}
          />
        </label>
        {logo !== null && (
          <button type="button" className="key-quiet" onClick={() => note({ logo: null })}>
            {words.logoDrop}
          </button>
        )}
      </div>
      {(unfit || no !== undefined) && (
        <p className="over" role="alert">
          {no ?? words.logoNo}
        </p>
      )}
    </Page>
  );
}

function Ready({ name, products }: { readonly name: string; readonly products: number }) {
  const words = useSetupWords();
  return (
    <div className="setup setup-ready">
      <main>
        <Gate />
        <h1 role="status">{words.ready(name)}</h1>
        <p>{words.readyWhat(products)}</p>
      </main>
      <button type="button" className="key-primary" autoFocus onClick={() => settingUp.set(false)}>
        {words.start}
      </button>
    </div>
  );
}
