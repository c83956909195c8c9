import type { DeviceBody, DeviceCodeBody } from "@onegate/contract";
import { useEffect, useState } from "react";
import { serverNow } from "../clock.ts";
import { showNotice } from "../notices.ts";
import { Countdown } from "../parts/Countdown.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Qr } from "../parts/Qr.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { useMay, useShop } from "../server.ts";
import { Asked, Empty, Head, No, Select, Text, useMoment } from "./parts.tsx";
import { office, refresh, useAct, useDevices, useOutlets } from "./server.ts";
import { useOutletName } from "./Staff.tsx";
import { dictionary, useOfficeWords } from "./words.ts";

/** How often the list is polled while a new device is awaited. */
const AWAITED_MS = 1_500;

export function Devices() {
  const words = useOfficeWords();
  const may = useMay();
  const [open, setOpen] = useState<DeviceBody | "new" | null>(null);
  const query = useDevices({ every: open === "new" ? AWAITED_MS : false });
  return (
    <>
      <Head
        title={words.devices}
        action={may("device.manage") ? { label: words.enrol, run: () => setOpen("new") } : undefined}
      />
      <Asked query={query}>
        {({ devices }) => {
          const used = devices.filter(({ revoked_at: revoked }) => revoked === null);
          const revoked = devices.filter((device) => device.revoked_at !== null);
          return (
            <>
              <Rows devices={used} onOpen={setOpen} />
              {used.length <= 1 && (
                <Empty icon="devices" title={words.devicesNone} hint={words.devicesNoneHint} />
              )}
              {revoked.length > 0 && (
                <section className="office-section">
                  <h2>{words.revokedDevices}</h2>
                  <Rows devices={revoked} onOpen={setOpen} />
                </section>
              )}
              {open === "new" && <NewDevice devices={devices} onClose={() => setOpen(null)} />}
            </>
          );
        }}
      </Asked>
      {open !== null && open !== "new" && <OneDevice device={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Rows({
  devices,
  onOpen,
}: {
  readonly devices: readonly DeviceBody[];
  readonly onOpen: (device: DeviceBody) => void;
}) {
  const words = useOfficeWords();
  const moment = useMoment();
  const outletName = useOutletName();
  return (
    <ul className="rows">
      {devices.map((device) => (
        <li key={device.id}>
          <button
            type="button"
            className={device.revoked_at === null ? "row" : "row row-off"}
            onClick={() => onOpen(device)}
          >
            <Icon name="devices" />
            <span className="row-main">
              <strong>
                {device.name}
                {device.this_device && <em className="mark mark-you">{words.thisDevice}</em>}
              </strong>
              <small>
                {[
                  outletName(device.outlet_id),
                  device.revoked_at === null
                    ? words.lastSeen(moment(device.last_seen_at))
                    : words.revokedOn(moment(device.revoked_at)),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </small>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A code for one device, shown until the device has used it. */
function NewDevice({
  devices,
  onClose,
}: {
  readonly devices: readonly DeviceBody[];
  readonly onClose: () => void;
}) {
  const words = useOfficeWords();
  const may = useMay();
  const own = useShop().outlet.id;
  const outlets = useOutlets(may("outlet.read")).data?.outlets ?? [];
  const [known] = useState(() => new Set(devices.map(({ id }) => id)));
  const [name, setName] = useState("");
  const [outlet, setOutlet] = useState(own);
  const [code, setCode] = useState<(DeviceCodeBody & { readonly made_at: string }) | null>(null);
  const [isOver, setOver] = useState(false);
  const { act, busy, no } = useAct();
  const enrolled =
    code === null
      ? undefined
      : devices.find(({ id, name: called }) => !known.has(id) && called === name.trim());

  useEffect(() => {
    if (!enrolled) return;
    showNotice({ tone: "plain", text: (_, language) => dictionary[language].enrolled(enrolled.name) });
    onClose();
  }, [enrolled, onClose]);

  useEffect(() => {
    if (code === null) return;
    const timer = setTimeout(() => setOver(true), Date.parse(code.expires_at) - serverNow());
    return () => clearTimeout(timer);
  }, [code]);

  async function make() {
    const made = await act(() => office.makeCode(outlet, name.trim()));
    if (!made) return;
    setOver(false);
    setCode({ ...made.answer, made_at: new Date(serverNow()).toISOString() });
  }

  if (code === null) {
    return (
      <Sheet title={words.newDevice} onClose={onClose}>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <Text
            label={words.deviceName}
            hint={words.deviceNameHint}
            value={name}
            most={60}
            onChange={setName}
          />
          {outlets.length > 1 && (
            <Select
              label={words.atOutlet}
              value={outlet}
              options={outlets.map(({ id, name: called }) => [id, called] as const)}
              onChange={setOutlet}
            />
          )}
          <No>{no}</No>
          <button type="submit" className="key-primary" disabled={busy || name.trim() === ""}>
            {words.makeCode}
          </button>
        </form>
      </Sheet>
    );
  }
  return (
    <Sheet title={name} onClose={onClose}>
      <div className="form enrol">
        {isOver ? (
          <>
            <p role="alert">{words.codeOver}</p>
            <No>{no}</No>
            <button type="button" className="key-primary" disabled={busy} onClick={() => void make()}>
              {words.newCode}
            </button>
          </>
        ) : (
          <>
            <p>{words.codeHow}</p>
            <div className="enrol-qr">
              <Qr text={code.url} label={words.codeIs} />
            </div>
            <div className="enrol-code">
              <output className="secret" aria-label={words.codeIs}>
                {code.code}
              </output>
              <Countdown from={code.made_at} until={code.expires_at} />
            </div>
            <p className="soft">{words.codeOnce}</p>
          </>
        )}
      </div>
    </Sheet>
  );
}

const REASONS = ["replaced", "lost"] as const;

function OneDevice({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const words = useOfficeWords();
  const may = useMay();
  const moment = useMoment();
  const [reason, setReason] = useState<(typeof REASONS)[number] | null>(null);
  const { act, busy, no } = useAct();

  async function revoke() {
    if (reason === null || !(await act(() => office.revokeDevice(device.id, reason)))) return;
    showNotice({ tone: "plain", text: (_, language) => dictionary[language].revoked(device.name) });
    onClose();
    void refresh("/devices", "/staff", "/staff-sessions");
  }

  return (
    <Sheet title={device.name} onClose={onClose}>
      <div className="form">
        <ul className="plain">
          <li>{words.enrolledOn(moment(device.enrolled_at))}</li>
          <li>{words.lastSeen(moment(device.last_seen_at))}</li>
          {device.last_address !== null && <li>{words.seenFrom(device.last_address)}</li>}
          {device.revoked_at !== null && <li>{words.revokedOn(moment(device.revoked_at))}</li>}
        </ul>
        {device.revoked_at === null && may("device.manage") && (
          <>
            <fieldset className="checks">
              <legend>{words.revokeWhy}</legend>
              {REASONS.map((each) => (
                <label key={each} className="check">
                  <span className="row-main">
                    {words[each]}
                    <small>{words[`${each}Means`]}</small>
                  </span>
                  <input
                    type="radio"
                    name="reason"
                    checked={reason === each}
                    onChange={() => setReason(each)}
                  />
                </label>
              ))}
            </fieldset>
            <p className={device.this_device ? "form-alert" : "soft"}>
              {device.this_device ? words.revokesThis : words.revokeForGood}
            </p>
            <No>{no}</No>
            <button
              type="button"
              className="key-second key-no"
              disabled={busy || reason === null}
              onClick={() => void revoke()}
            >
              {words.revokeDevice}
            </button>
          </>
        )}
      </div>
    </Sheet>
  );
}
