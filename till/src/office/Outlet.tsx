import type { OutletBody, OutletChangeBody, TaxChoice } from "@onegate/contract";
import { useState } from "react";
import { showNotice } from "../notices.ts";
import { useMay, useShop } from "../server.ts";
import { Asked, Field, Head, No, Select, Text } from "./parts.tsx";
import { office, refresh, useAct, useOutlets } from "./server.ts";
import { dictionary, useOfficeWords } from "./words.ts";

export function OutletPage() {
  const words = useOfficeWords();
  const query = useOutlets();
  const own = useShop().outlet.id;
  const [chosen, setChosen] = useState(own);
  return (
    <>
      <Head title={words.outlet} />
      <Asked query={query}>
        {({ outlets }) => {
          const outlet = outlets.find(({ id }) => id === chosen) ?? outlets[0];
          return (
            <>
              {outlets.length > 1 && (
                <Select
                  label={words.atOutlet}
                  value={chosen}
                  options={outlets.map(({ id, name }) => [id, name] as const)}
                  onChange={setChosen}
                />
              )}
              {outlet && <OneOutlet key={outlet.id} outlet={outlet} />}
            </>
          );
        }}
      </Asked>
    </>
  );
}

const TAXES = Object.keys({ ppn_included: true, ppn_added: true, pb1_10: true, none: true } satisfies Record<
  TaxChoice,
  true
>) as TaxChoice[];
const TEXTS = ["name", "address", "phone", "receipt_header", "receipt_footer"] as const;

function OneOutlet({ outlet }: { readonly outlet: OutletBody }) {
  const words = useOfficeWords();
  const may = useMay();
  const mayChange = may("outlet.manage");
  const [now, setNow] = useState(outlet);
  const { act, busy, no } = useAct();
  const change: OutletChangeBody = {
    ...Object.fromEntries(
      TEXTS.filter((field) => now[field].trim() !== outlet[field]).map((field) => [field, now[field].trim()]),
    ),
    ...(now.tax !== null && now.tax !== outlet.tax ? { tax: now.tax } : {}),
  };
  const put = (part: Partial<OutletBody>) => setNow({ ...now, ...part });

  async function save() {
    const saved = await act(() => office.changeOutlet(outlet.id, change));
    if (!saved) return;
    setNow(saved.answer);
    showNotice({ tone: "plain", text: (_, language) => dictionary[language].saved });
    void refresh("/outlets");
  }

  return (
    <div className="outlet">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <fieldset className="form" disabled={!mayChange}>
          <Text label={words.name} value={now.name} onChange={(name) => put({ name })} />
          <Text
            label={words.address}
            value={now.address}
            most={300}
            lines={2}
            onChange={(address) => put({ address })}
          />
          <Text label={words.phone} value={now.phone} most={20} onChange={(phone) => put({ phone })} />
          <Select
            label={words.tax}
            hint={words.taxHint}
            value={now.tax ?? "other"}
            options={[
              ...(outlet.tax === null ? [["other", words.otherTax] as const] : []),
              ...TAXES.map((tax) => [tax, words[tax]] as const),
            ]}
            onChange={(tax) => put({ tax: tax === "other" ? null : tax })}
          />
          <Text
            label={words.receiptHeader}
            value={now.receipt_header}
            most={300}
            lines={2}
            onChange={(header) => put({ receipt_header: header })}
          />
          <Text
            label={words.receiptFooter}
            value={now.receipt_footer}
            most={300}
            lines={2}
            onChange={(footer) => put({ receipt_footer: footer })}
          />
        </fieldset>
        <No>{no}</No>
        {mayChange && (
          <button
            type="submit"
            className="key-primary"
            disabled={busy || Object.keys(change).length === 0 || now.name.trim() === ""}
          >
            {busy ? words.saving : words.save}
          </button>
        )}
      </form>
      <Paper outlet={now} />
    </div>
  );
}

/** The receipt's header and footer as they will be printed. */
function Paper({ outlet }: { readonly outlet: OutletBody }) {
  const words = useOfficeWords();
  const { logo } = useShop();
  return (
    <Field label={words.onReceipt} hint={logo === null ? words.noLogo : undefined}>
      {(id) => (
        <article id={id} className="struk">
          <header>
            {logo !== null && <img className="outlet-logo" src={logo} alt={words.logo} />}
            <strong>{outlet.name}</strong>
            <p>{outlet.address}</p>
            <p>{outlet.phone}</p>
            <p>{outlet.receipt_header}</p>
          </header>
          <p className="outlet-lines" aria-hidden="true">
            · · ·
          </p>
          <footer>
            <p>{outlet.receipt_footer}</p>
          </footer>
        </article>
      )}
    </Field>
  );
}
