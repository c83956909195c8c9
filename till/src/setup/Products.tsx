import { IDR, money, toText as toMoneyText } from "@onegate/contract";
import { useDeferredValue, useMemo, useState } from "react";
import { Icon } from "../parts/Icon.tsx";
import { useSettings } from "../settings.ts";
import { readProducts, toText } from "./csv.ts";
import { note, useDraft } from "./draft.ts";
import { Page } from "./Page.tsx";
import { useSetupWords } from "./words.ts";

const MAX_BYTES = 500_000;
const SHOWN = { rows: 20, faults: 5 } as const;
const SEN = 100n;

type Props = {
  readonly common: { readonly step: readonly [number, number]; readonly onBack: (() => void) | undefined };
  readonly busy: boolean;
  readonly no: string | undefined;
  readonly onMake: (withProducts: boolean) => void;
};

/** Products from a file or pasted text, with a preview. Lines that can't be read are listed. */
export function Products({ common, busy, no, onMake }: Props) {
  const words = useSetupWords();
  const { language } = useSettings();
  const { products: text } = useDraft();
  const [big, setBig] = useState(false);
  const steady = useDeferredValue(text);
  const { rows, faults } = useMemo(() => readProducts(steady), [steady]);

  async function pick(file: File | undefined) {
    if (!file) return;
    setBig(file.size > MAX_BYTES);
    if (file.size <= MAX_BYTES) note({ products: toText(await file.arrayBuffer()) });
  }

  const useKey = busy
    ? words.making
    : faults.length === 0
      ? words.productsUse(rows.length)
      : words.productsUseRest(rows.length);
  return (
    <Page
      {...common}
      onBack={busy ? undefined : common.onBack}
      title={words.products}
      why={words.productsWhy}
      onSubmit={() => !busy && rows.length > 0 && onMake(true)}
      keys={
        rows.length > 0 ? (
          <button type="submit" className="key-primary" disabled={busy}>
            {useKey}
          </button>
        ) : (
          <button type="button" className="key-second" disabled={busy} onClick={() => onMake(false)}>
            {busy ? words.making : words.skip}
          </button>
        )
      }
    >
      {(no !== undefined || big) && (
        <p className="over" role="alert">
          {no ?? words.productsBig}
        </p>
      )}
      <label className="key-second logo-pick">
        <Icon name="plus" />
        {words.productsPick}
        <input
          type="file"
          accept=".csv,.txt,.tsv,text/csv,text/plain"
          disabled={busy}
          onChange={({ target }) => void pick(target.files?.[0])}
        />
      </label>
      <label className="field">
        <span>{words.productsPaste}</span>
        <textarea
          rows={4}
          value={text}
          placeholder={words.productsSample}
          spellCheck={false}
          disabled={busy}
          onChange={({ target }) => note({ products: target.value })}
        />
      </label>
      {faults.length > 0 && (
        <section className="faults" role="alert">
          <h2>{words.productsFaults(faults.length)}</h2>
          <ul>
            {faults.slice(0, SHOWN.faults).map(({ line, why, text: there }) => (
              <li key={line}>
                <strong>{words.productsLine(line)}</strong> {words.faults[why]}
                <small>{there}</small>
              </li>
            ))}
          </ul>
          {faults.length > SHOWN.faults && <p>{words.productsMore(faults.length - SHOWN.faults)}</p>}
        </section>
      )}
      {rows.length > 0 && (
        <section className="preview" aria-label={words.productsFound(rows.length)}>
          <h2>{words.productsFound(rows.length)}</h2>
          <ul>
            {rows.slice(0, SHOWN.rows).map(({ line, name, rupiah, category, barcode, stock }) => (
              <li key={line}>
                <span>
                  {name}
                  <small>
                    {[category, barcode, stock === undefined ? undefined : `× ${stock}`]
                      .filter(Boolean)
                      .join(" · ")}
                  </small>
                </span>
                <span className="amount">{toMoneyText(money(BigInt(rupiah) * SEN, IDR), language)}</span>
              </li>
            ))}
          </ul>
          {rows.length > SHOWN.rows && <p>{words.productsMore(rows.length - SHOWN.rows)}</p>}
        </section>
      )}
    </Page>
  );
}
