import { QueryClient, useQuery } from "@tanstack/react-query";
import type { CatalogueBody, Id, ShopBody } from "@onegate/contract";
import { api, isUndecided, Refused } from "./api.ts";
import { device } from "./device.ts";
import { useLive } from "./live.ts";
import { kept } from "./store.ts";
import { connect, endSession, session, useSession } from "./till.ts";

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 30_000,
      retry: (failures, error) => isUndecided(error) && failures < 3,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
    },
  },
});

/** The server no longer knows the session that is open here; whether it knows the device, and what is new in the shop, it is asked at once. */
export function sessionEnded(): void {
  endSession();
  void client.invalidateQueries({ queryKey: ["shop"] });
}

/** Asks with the open session; a session the server no longer knows locks the till. */
export async function asking<Answer>(ask: (token: string) => Promise<Answer>): Promise<Answer> {
  const token = session.get()?.token ?? "";
  try {
    return await ask(token);
  } catch (error) {
    const ended = error instanceof Refused && error.problem.code === "unauthenticated";
    if (ended && session.get()?.token === token) sessionEnded();
    throw error;
  }
}

const POLL_MS = { live: 4_000, alone: 1_000 };

/** How often to ask while something is awaited: more often when nobody would tell us. */
function usePace(): number {
  return useLive() === "up" ? POLL_MS.live : POLL_MS.alone;
}

/** The shop as it was last known: a till that starts without its server still has its door. */
const shopPlace = kept(localStorage, "onegate.shop.1");

/** Reads the shop. A till that the server does not know any more begins anew; in a sandbox it is let into the demo shop by itself. */
async function readShop(): Promise<ShopBody> {
  const shop = await api.shop().catch((error: unknown) => {
    if (!(error instanceof Refused) || error.problem.code !== "device_unknown" || !device.get()) throw error;
    endSession();
    device.set(null);
    return api.shop();
  });
  if (!device.get()) {
    const demo = await api.enrol();
    // a code that was scanned may have been quicker
    if (device.get()) return readShop();
    connect(demo, true);
  }
  shopPlace.write(JSON.stringify(shop));
  return shop;
}

export const shopQuery = {
  queryKey: ["shop"],
  queryFn: readShop,
  staleTime: Number.POSITIVE_INFINITY,
} as const;

function rememberShop(): void {
  try {
    const known = JSON.parse(shopPlace.read() ?? "null") as ShopBody | null;
    if (!known || !device.get()) return;
    client.setQueryData(shopQuery.queryKey, known);
    void client.invalidateQueries({ queryKey: shopQuery.queryKey, refetchType: "none" });
  } catch {
    shopPlace.write(null);
  }
}
rememberShop();

/** Reads the shop anew, after this till was connected to one, or to none. */
export function shopChanged(): void {
  shopPlace.write(null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "shop" && queryKey[0] !== "setup" });
  void client.resetQueries({ queryKey: shopQuery.queryKey });
}

/** The shop as it is known now, for commands outside a screen. */
export const shopNow = () => client.getQueryData<ShopBody>(shopQuery.queryKey);

export const useShopQuery = (refetchInterval: number | false = false) =>
  useQuery({ ...shopQuery, retry: (_, error) => isUndecided(error), retryDelay: 2_000, refetchInterval });

/** The shop, on screens that only open once it is known. */
export function useShop(): ShopBody {
  const { data } = useQuery(shopQuery);
  if (!data) throw new Error("the till is open before its shop is known");
  return data;
}

/** Kept over a lock: a till that is unlocked without its server still has its shelf. */
const catalogueQuery = {
  queryKey: ["catalogue"],
  queryFn: () => asking(api.catalogue),
  gcTime: Number.POSITIVE_INFINITY,
};

export const useCatalogue = () => useQuery(catalogueQuery);

/** The catalogue as it is known now, for what happens outside a screen. */
export const catalogueNow = () => client.getQueryData<CatalogueBody>(catalogueQuery.queryKey);

/** Reads the catalogue anew, for who can't sell by the one that is known. */
export const freshCatalogue = () => client.fetchQuery({ ...catalogueQuery, staleTime: 0 });

export function useSale(id: Id, { awaited = false, exists = true } = {}) {
  const pace = usePace();
  return useQuery({
    queryKey: ["sale", id],
    queryFn: () => asking((token) => api.sale(token, id)),
    enabled: exists,
    refetchInterval: awaited ? pace : false,
    refetchIntervalInBackground: awaited,
    ...(awaited ? { staleTime: 0 } : {}),
  });
}

export const useSales = () =>
  useQuery({ queryKey: ["sales"], queryFn: () => asking(api.sales), staleTime: 0 });

export const useToday = () =>
  useQuery({ queryKey: ["today"], queryFn: () => asking(api.today), staleTime: 0, refetchInterval: 60_000 });

/** Whether the open session has a right; the server decides, this only spares a press that it would refuse. */
export function useMay(): (right: string) => boolean {
  const rights = useSession()?.rights;
  return (right) => rights?.includes(right) ?? false;
}

const OFFICE = ["staff.read", "role.read", "device.read", "merchant_key.read", "audit.read", "outlet.read"];

/** What the signed-in person may open; everything else is open to all who sell. */
export function useMayOpen(): (page: string) => boolean {
  const may = useMay();
  return (page) => (page === "today" ? may("report.read") : page !== "shop" || OFFICE.some(may));
}
