import { STATIC_METHOD } from "@onegate/contract";
import { useEffect, useState } from "react";
import { Refused } from "./api.ts";
import { runKey } from "./commands.ts";
import { useRevoked } from "./device.ts";
import { useInvitation, useRecovering, useSettingUp } from "./doors.ts";
import { listen } from "./live.ts";
import type { Till } from "./machine.ts";
import { Frame, pages } from "./parts/Frame.tsx";
import { later, laterDoor } from "./parts/Later.tsx";
import { go, usePlace } from "./place.ts";
import { sheetOpen } from "./notices.ts";
import { Notices } from "./parts/Notices.tsx";
import { History } from "./screens/History.tsx";
import { Locked } from "./screens/Locked.tsx";
import { Paid } from "./screens/Paid.tsx";
import { Pay } from "./screens/Pay.tsx";
import { Sell } from "./screens/Sell.tsx";
import { Settings } from "./screens/Settings.tsx";
import { StaticQris } from "./screens/StaticQris.tsx";
import { Today } from "./screens/Today.tsx";
import { Waiting } from "./screens/Waiting.tsx";
import { useScans } from "./scans.ts";
import { send } from "./sending.ts";
import { client, sessionEnded, useMayOpen, useShopQuery } from "./server.ts";
import type { Message } from "./sse.ts";
import { useStore } from "./store.ts";
import { atStart, session, useSession, useTill } from "./till.ts";
import { useWords } from "./words.ts";

/** Pages that a till in use never needs are loaded when they are shown. */
const Enrol = laterDoor(async () => (await import("./setup/Enrol.tsx")).Enrol);
const Recover = laterDoor(async () => (await import("./setup/Enrol.tsx")).Recover);
const Revoked = laterDoor(async () => (await import("./setup/Enrol.tsx")).Revoked);
const Setup = laterDoor(async () => (await import("./setup/Setup.tsx")).Setup);

export function App() {
  const words = useWords();
  const till = useTill();
  const { data: shop } = useShopQuery();
  const door = useDoor();
  const covered = useStore(sheetOpen);
  useSending(till);
  useListening();
  useScans();
  useEffect(() => {
    addEventListener("keydown", runKey);
    return () => removeEventListener("keydown", runKey);
  }, []);
  return (
    <div className="app">
      {shop?.mode === "sandbox" && <p className="ribbon">{words.sandbox}</p>}
      {door ?? <Screen till={shop ? till : { at: "locked", behind: { at: "selling", cart: [] } }} />}
      {!covered && <Notices />}
    </div>
  );
}

/** What is shown instead of the till: a shop to be set up, or a tablet to be connected. */
function useDoor() {
  const { data: shop, error } = useShopQuery();
  const isRevoked = useRevoked();
  const isSettingUp = useSettingUp();
  const isRecovering = useRecovering();
  const invited = useInvitation();
  const isLocked = useTill().at === "locked";
  const code = error instanceof Refused ? error.problem.code : undefined;
  if (isSettingUp || code === "setup_needed") return <Setup />;
  if (isRecovering && isLocked) return <Recover />;
  if (invited !== null && isLocked) return <Enrol />;
  if (isRevoked) return <Revoked />;
  return !shop && (code === "device_unknown" || code === "device_code_unknown") ? <Enrol /> : null;
}

function Screen({ till }: { readonly till: Till }) {
  switch (till.at) {
    case "locked":
      return <Locked />;
    case "selling":
      return <Pages till={till} />;
    case "paying":
      return <Pay key={till.saleId} cart={till.cart} sending={false} qrisAway={till.qrisAway === true} />;
    case "sending":
      return <Sending till={till} />;
    case "waiting":
      return <Waiting key={till.saleId} saleId={till.saleId} cart={till.cart} sending={false} />;
    case "static":
      return <StaticQris key={till.saleId} saleId={till.saleId} cart={till.cart} sending={false} />;
    case "paid":
      return <Paid saleId={till.saleId} justNow={till !== atStart} />;
  }
}

function Sending({ till: { cart, sale } }: { readonly till: Extract<Till, { at: "sending" }> }) {
  switch (sale.tender.method) {
    case "CASH":
      return <Pay key={sale.id} cart={cart} sending qrisAway={false} />;
    case "QRIS":
      return <Waiting key={sale.id} saleId={sale.id} cart={cart} sending />;
    case STATIC_METHOD:
      return <StaticQris key={sale.id} saleId={sale.id} cart={cart} sending />;
  }
}

const Office = later(async () => (await import("./office/Office.tsx")).Office);

function Pages({ till }: { readonly till: Extract<Till, { at: "selling" }> }) {
  const place = usePlace().split("/")[0];
  const mayOpen = useMayOpen();
  const page = pages.find((each) => each === place && each !== "settings" && mayOpen(each)) ?? "sell";
  const [setting, setSetting] = useState(false);
  return (
    <Frame page={page} onPage={(next) => (next === "settings" ? setSetting(true) : go(next))}>
      {page === "sell" && <Sell cart={till.cart} />}
      {page === "history" && <History />}
      {page === "today" && <Today />}
      {page === "shop" && <Office />}
      {setting && <Settings onClose={() => setSetting(false)} />}
    </Frame>
  );
}

function useSending(till: Till): void {
  const sale = till.at === "sending" ? till.sale : null;
  useEffect(() => {
    if (!sale) return;
    const leaving = new AbortController();
    void send(sale, leaving.signal);
    return () => leaving.abort();
  }, [sale]);
}

/** Products and stock may change in bursts: the catalogue is read once for each burst. */
const CATALOGUE_PAUSE_MS = { changed: 1_000, sold: 5_000 };

function useListening(): void {
  const token = useSession()?.token;
  useEffect(() => {
    if (token === undefined) {
      client.removeQueries({
        predicate: ({ queryKey }) => !["shop", "catalogue", "setup"].includes(String(queryKey[0])),
      });
      return;
    }
    const leaving = new AbortController();
    let catalogue: { readonly timer: ReturnType<typeof setTimeout>; readonly due: number } | undefined;
    const refresh = (...queryKey: string[]) => void client.invalidateQueries({ queryKey });
    const refreshCatalogue = (pauseMs: number) => {
      const due = Date.now() + pauseMs;
      if (catalogue && catalogue.due <= due) return;
      clearTimeout(catalogue?.timer);
      const timer = setTimeout(() => {
        catalogue = undefined;
        refresh("catalogue");
        refresh("today");
      }, pauseMs);
      catalogue = { timer, due };
    };
    const heard = ({ event, data }: Message) => {
      if (event.startsWith("product.") || event.startsWith("stock.")) {
        return refreshCatalogue(CATALOGUE_PAUSE_MS.changed);
      }
      if (event.startsWith("outlet.")) return refresh("shop");
      const { sale_id } = JSON.parse(data) as { sale_id?: string };
      if (sale_id !== undefined) refresh("sale", sale_id);
      refresh("sales");
      refresh("today");
      // an event about a sale or a return also means that stock has changed
      if (event.startsWith("sale.")) refreshCatalogue(CATALOGUE_PAUSE_MS.sold);
    };
    const ended = () => {
      if (session.get()?.token === token) sessionEnded();
    };
    void listen(token, heard, ended, leaving.signal);
    return () => {
      leaving.abort();
      clearTimeout(catalogue?.timer);
    };
  }, [token]);
}
