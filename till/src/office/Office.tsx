import type { ReactNode } from "react";
import { useLive } from "../live.ts";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { useWide } from "../parts/media.ts";
import { go, usePlace } from "../place.ts";
import { useMay } from "../server.ts";
import { useWords } from "../words.ts";
import { Audit } from "./Audit.tsx";
import { Devices } from "./Devices.tsx";
import { Keys } from "./Keys.tsx";
import { OutletPage } from "./Outlet.tsx";
import { Roles } from "./Roles.tsx";
import { Sessions } from "./Sessions.tsx";
import { Staff } from "./Staff.tsx";
import { useOfficeWords } from "./words.ts";
import "./office.css";

type Inner = { readonly right: string; readonly icon: IconName; readonly page: ReactNode };

/** The pages of the back office in the order of the list; each has the address `#shop/<name>`. */
const inside = {
  staff: { right: "staff.read", icon: "staff", page: <Staff /> },
  roles: { right: "role.read", icon: "roles", page: <Roles /> },
  devices: { right: "device.read", icon: "devices", page: <Devices /> },
  sessions: { right: "staff_session.read", icon: "sessions", page: <Sessions /> },
  keys: { right: "merchant_key.read", icon: "apiKeys", page: <Keys /> },
  audit: { right: "audit.read", icon: "audit", page: <Audit /> },
  outlet: { right: "outlet.read", icon: "shop", page: <OutletPage /> },
} as const satisfies Record<string, Inner>;
type Name = keyof typeof inside;

/** The back office: a list of its pages, with the open page beside it on wider screens. */
export function Office() {
  const words = useOfficeWords();
  const till = useWords();
  const may = useMay();
  const wide = useWide();
  const offline = useLive() === "down";
  const names = (Object.keys(inside) as Name[]).filter((name) => may(inside[name].right));
  const requested = usePlace().split("/")[1];
  const open = names.find((name) => name === requested) ?? (wide ? names[0] : undefined);
  return (
    <div className="office">
      {(wide || !open) && (
        <nav className="office-nav" aria-label={words.nav}>
          {!wide && <h1>{till.shop}</h1>}
          <ul className="rows">
            {names.map((name) => (
              <li key={name}>
                <button
                  type="button"
                  className="row"
                  aria-current={open === name ? "page" : undefined}
                  onClick={() => go(`shop/${name}`)}
                >
                  <Icon name={inside[name].icon} />
                  <span className="row-main">
                    <strong>{words[name]}</strong>
                    <small>{words[`${name}Hint`]}</small>
                  </span>
                  <Icon name="forward" />
                </button>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {open && (
        <div key={open} className="office-page">
          {offline && (
            <p className="office-offline" role="status">
              {words.offline}
            </p>
          )}
          {inside[open].page}
        </div>
      )}
    </div>
  );
}
