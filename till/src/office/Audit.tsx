import type { AuditEntryBody } from "@onegate/contract";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { showNotice } from "../notices.ts";
import { Sheet } from "../parts/Sheet.tsx";
import { useCatalogue, useMay, useShop } from "../server.ts";
import { useSettings } from "../settings.ts";
import { toClock, toDay, toMoment } from "../when.ts";
import { Asked, Empty, Head, Select } from "./parts.tsx";
import { sentenceOf } from "./sentences.ts";
import { exportAudit, office, useDevices, useOutlets, useStaff, why } from "./server.ts";
import { useOfficeWords } from "./words.ts";

const ALL = "";
/** How often new entries are polled for. */
const NEW_MS = 4_000;

/** Actions that the list can be filtered by: action, Indonesian, English. */
const HAPPENINGS = [
  ["sale.voided", "Penjualan dibatalkan", "Sale voided"],
  ["sale.refunded", "Uang dikembalikan", "Sale refunded"],
  ["approval.given", "Persetujuan diberikan", "Approval given"],
  ["approval.refused", "Persetujuan ditolak", "Approval refused"],
  ["drawer.opened", "Laci dibuka", "Drawer opened"],
  ["price.changed", "Harga diubah", "Price changed"],
  ["staff.signed_in", "Masuk", "Signed in"],
  ["staff.sign_in_refused", "PIN ditolak", "PIN refused"],
  ["right.refused", "Bukan haknya", "Right refused"],
  ["staff.added", "Staf ditambah", "Staff added"],
  ["staff.changed", "Staf diubah", "Staff changed"],
  ["staff.pin_changed", "PIN diganti", "PIN changed"],
  ["role.added", "Peran dibuat", "Role created"],
  ["role.changed", "Peran diubah", "Role changed"],
  ["device.enrolled", "Perangkat didaftarkan", "Device enrolled"],
  ["device.revoked", "Perangkat dicabut", "Device revoked"],
  ["key.made", "Kunci API dibuat", "API key created"],
  ["key.revoked", "Kunci API dicabut", "API key revoked"],
  ["outlet.changed", "Outlet diubah", "Outlet changed"],
  ["provider.changed", "Penyedia diubah", "Provider changed"],
  ["audit.exported", "Jejak diunduh", "Trail downloaded"],
] as const;

export function Audit() {
  const words = useOfficeWords();
  const { language } = useSettings();
  const may = useMay();
  const [actor, setActor] = useState(ALL);
  const [action, setAction] = useState(ALL);
  const staff = useStaff(may("staff.read")).data?.staff ?? [];
  const query = useInfiniteQuery({
    queryKey: ["office", "/audit", actor, action],
    queryFn: ({ pageParam }) =>
      office.auditPage({
        ...(pageParam === null ? {} : { before: String(pageParam) }),
        ...(actor === ALL ? {} : { actor }),
        ...(action === ALL ? {} : { action }),
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
    staleTime: 0,
    // entries appear a moment after the event; once older pages are open, polling stops so that the list
    // stays still
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : NEW_MS),
  });
  const [open, setOpen] = useState<AuditEntryBody | null>(null);
  const sentence = useSentence();
  const [exporting, setExporting] = useState(false);

  async function download() {
    setExporting(true);
    try {
      await exportAudit();
    } catch (error) {
      showNotice({ tone: "refusal", text: (_, spoken) => why(error, spoken) });
    } finally {
      setExporting(false);
      void query.refetch();
    }
  }

  return (
    <>
      <Head title={words.audit}>
        {may("audit.export") && (
          <button
            type="button"
            className="key-second office-add"
            disabled={exporting}
            onClick={() => void download()}
          >
            {exporting ? words.exporting : words.exportAudit}
          </button>
        )}
      </Head>
      <div className="filters">
        <Select
          label={words.person}
          value={actor}
          options={[[ALL, words.anyone], ...staff.map(({ id, name }) => [id, name] as const)]}
          onChange={setActor}
        />
        <Select
          label={words.happening}
          value={action}
          options={[
            [ALL, words.anything],
            ...HAPPENINGS.map(([each, id, en]) => [each, language === "id" ? id : en] as const),
          ]}
          onChange={setAction}
        />
      </div>
      <Asked query={query}>
        {({ pages }) => {
          const entries = pages.flatMap((page) => page.entries);
          const [newest] = entries;
          return (
            <>
              {entries.length === 0 &&
                (actor === ALL && action === ALL ? (
                  <Empty icon="audit" title={words.auditNone} hint={words.auditNoneHint} />
                ) : (
                  <Empty icon="audit" title={words.auditNoMatch} hint={words.auditNoneHint} />
                ))}
              <Days entries={entries} onOpen={setOpen} />
              {query.hasNextPage && (
                <button
                  type="button"
                  className="key-second office-older"
                  disabled={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  {words.older}
                </button>
              )}
              {newest && actor === ALL && action === ALL && (
                <section className="office-note">
                  <h2>{words.auditHead}</h2>
                  <p className="code">
                    {newest.seq} · {newest.hash}
                  </p>
                  <p>{words.auditHeadHint}</p>
                </section>
              )}
            </>
          );
        }}
      </Asked>
      {open && (
        <Sheet title={words.auditEntry(open.seq)} onClose={() => setOpen(null)}>
          <Entry entry={open} sentence={sentence(open)} />
        </Sheet>
      )}
    </>
  );
}

/** The names of an entry's fields in Indonesian and English. */
const FIELDS: Readonly<Record<string, readonly [id: string, en: string]>> = {
  name: ["Nama", "Name"],
  role: ["Peran", "Role"],
  role_id: ["Peran buatan", "Custom role"],
  outlet_id: ["Outlet", "Outlet"],
  is_active: ["Aktif", "Active"],
  renamed: ["Ganti nama", "Renamed"],
  must_change_pin: ["Harus ganti PIN", "Must change PIN"],
  reason: ["Alasan", "Reason"],
  rights: ["Hak", "Rights"],
  right: ["Hak", "Right"],
  scopes: ["Cakupan", "Scopes"],
  prefix: ["Awalan", "Prefix"],
  mode: ["Mode", "Mode"],
  expires_at: ["Berakhir", "Expires"],
  amount: ["Jumlah", "Amount"],
  price: ["Harga", "Price"],
  currency: ["Mata uang", "Currency"],
  approved_by: ["Disetujui", "Approved by"],
  asked_by: ["Diminta", "Requested by"],
  restock: ["Kembali ke stok", "Back in stock"],
  address: ["Alamat", "Address"],
  phone: ["Telepon", "Telephone"],
  tax: ["Pajak", "Tax"],
  receipt_header: ["Kepala struk", "Receipt header"],
  receipt_footer: ["Kaki struk", "Receipt footer"],
};

/** The sentence of an entry, with the names that this person may read. */
function useSentence(): (entry: AuditEntryBody) => string {
  const words = useOfficeWords();
  const { language } = useSettings();
  const nameOf = useNames();
  return (entry) =>
    sentenceOf(
      entry,
      entry.actor_name ?? nameOf(entry.actor) ?? (entry.actor === "system" ? words.system : words.somebody),
      nameOf,
      language,
    );
}

function useNames(): (id: string) => string | undefined {
  const may = useMay();
  const staff = useStaff(may("staff.read")).data?.staff ?? [];
  const devices = useDevices({ enabled: may("device.read") }).data?.devices ?? [];
  const outlets = useOutlets(may("outlet.read")).data?.outlets ?? [];
  const products = useCatalogue().data?.products ?? [];
  const names = new Map([...products, ...outlets, ...devices, ...staff].map(({ id, name }) => [id, name]));
  return (id) => names.get(id);
}

/** Entries grouped by day, in the outlet's time zone. */
function Days({
  entries,
  onOpen,
}: {
  readonly entries: readonly AuditEntryBody[];
  readonly onOpen: (entry: AuditEntryBody) => void;
}) {
  const { outlet } = useShop();
  const { language } = useSettings();
  const sentence = useSentence();
  const nameOf = useNames();
  const days = new Map<string, AuditEntryBody[]>();
  for (const entry of entries) {
    const day = toDay(entry.at, language, outlet.time_zone);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days].map(([day, ofDay]) => (
    <section key={day} className="office-section">
      <h2>{day}</h2>
      <ul className="rows">
        {ofDay.map((entry) => (
          <li key={entry.seq}>
            <button type="button" className="row row-audit" onClick={() => onOpen(entry)}>
              <time className="row-time" dateTime={entry.at}>
                {toClock(entry.at, language, outlet.time_zone)}
              </time>
              <span className="row-main row-tall">
                <span>{sentence(entry)}</span>
                {entry.device_id !== null && <small>{nameOf(entry.device_id)}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Entry({ entry, sentence }: { readonly entry: AuditEntryBody; readonly sentence: string }) {
  const words = useOfficeWords();
  const { outlet } = useShop();
  const { language } = useSettings();
  const nameOf = useNames();
  const facts = [
    [words.when, toMoment(entry.at, language, outlet.time_zone)],
    [words.where, entry.device_id === null ? null : (nameOf(entry.device_id) ?? entry.device_id)],
    [words.from, entry.address],
    [words.what, entry.action],
    [words.subject, nameOf(entry.subject) ?? entry.subject],
  ] as const;
  const names = [...new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])];
  const text = (value: unknown) => {
    if (value === undefined || value === null || value === "") return "–";
    if (typeof value === "boolean") return value ? words.yes : words.no;
    if (Array.isArray(value)) return value.join(", ");
    return typeof value === "string" ? (nameOf(value) ?? value) : JSON.stringify(value);
  };
  const columns = [
    [words.before, entry.before],
    [words.after, entry.after],
  ] as const;
  const shownColumns = columns.filter(([, fields]) => fields !== null);
  return (
    <div className="form entry">
      <p>
        <strong>{sentence}</strong>
      </p>
      <dl className="entry-facts">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {names.length > 0 && (
        <table className="entry-change">
          <thead>
            <tr>
              <td />
              {shownColumns.map(([title]) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{FIELDS[name]?.[language === "id" ? 0 : 1] ?? name}</th>
                {shownColumns.map(([title, fields]) => (
                  <td key={title}>{text(fields?.[name])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="code soft">{entry.hash}</p>
    </div>
  );
}
