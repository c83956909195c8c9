import { newId, type TaxChoice } from "@onegate/contract";
import { createStore, kept, useStore } from "../store.ts";

/** The input typed so far. PINs are never kept. */
export type Draft = {
  readonly step: string;
  /** The idempotency key of one set-up; retrying with it creates no second shop. */
  readonly key: string;
  readonly code: string;
  readonly shopName: string;
  readonly address: string;
  readonly phone: string;
  readonly zone: string;
  readonly tax: TaxChoice;
  /** A data URL of the resized picture. */
  readonly logo: string | null;
  readonly ownerName: string;
  readonly cashierName: string;
  readonly products: string;
};

export const zones = [
  ["Asia/Jakarta", "WIB"],
  ["Asia/Makassar", "WITA"],
  ["Asia/Jayapura", "WIT"],
] as const;

/** The Indonesian time zone with the browser's UTC offset; WIB for a browser elsewhere. */
function zoneHere(): string {
  const hours = -new Date().getTimezoneOffset() / 60;
  return zones[hours === 8 ? 1 : hours === 9 ? 2 : 0][0];
}

const blank = (): Draft => ({
  step: "",
  key: newId(),
  code: "",
  shopName: "",
  address: "",
  phone: "",
  zone: zoneHere(),
  tax: "ppn_included",
  logo: null,
  ownerName: "",
  cashierName: "",
  products: "",
});

const place = kept(localStorage, "onegate.setup.1");

function read(): Draft {
  try {
    return { ...blank(), ...(JSON.parse(place.read() ?? "{}") as Partial<Draft>) };
  } catch {
    return blank();
  }
}

export const draft = createStore(read(), (value) => place.write(JSON.stringify(value)));

export function note(part: Partial<Draft>): void {
  draft.set({ ...draft.get(), ...part });
}

export function forgetDraft(): void {
  draft.set(blank());
  place.write(null);
}

export const useDraft = () => useStore(draft);
