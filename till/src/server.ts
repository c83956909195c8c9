import { QueryClient, useQuery } from "@tanstack/react-query";
import type { CatalogueBody, Id, ShopBody } from "@onegate/contract";
import { api, isOutcomeUnknown, Refused } from "./api.ts";
import { device } from "./device.ts";
import { useLive } from "./live.ts";
import { kept } from "./store.ts";
import { connect, endSession, session, useSession } from "./till.ts";

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 30_000,
      retry: (failures, error) => isOutcomeUnknown(error) && failures < 3,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
    },
  },
});

/**
 * Locks the till because the server no longer knows the open session. The shop is read again at once, which
 * also shows whether the server still knows the device.
 */
export function sessionEnded(): void {
  endSession();
  void client.invalidateQueries({ queryKey: ["shop"] });
}

/** Sends a request with the open session. If the server no longer knows the session, the till is locked. */
export async function asking<Answer>(request: (token: string) => Promise<Answer>): Promise<Answer> {
  const token = session.get()?.token ?? "";
  try {
    return await request(token);
  } catch (error) {
    const ended = error instanceof Refused && error.problem.code === "unauthenticated";
    if (ended && session.get()?.token === token) sessionEnded();
    throw error;
  }
}

const POLL_MS = { live: 4_000, alone: 1_000 };

/** How often to poll for an awaited payment: more often while the event stream is down. */
function usePace(): number {
  return useLive() === "up" ? POLL_MS.live : POLL_MS.alone;
}

/** The shop as it was last known, so that a till that starts without the server can show its lock screen. */
const shopPlace = kept(localStorage, "onegate.shop.1");

/**
 * Reads the shop. A till that the server no longer knows starts again without a device. A sandbox enrols it
 * into the demo shop.
 */
async function readShop(): Promise<ShopBody> {
  const shop = await api.shop().catch((error: unknown) => {
    if (!(error instanceof Refused) || error.problem.code !== "device_unknown" || !device.get()) throw error;
    endSession();
    device.set(null);
    return api.shop();
  });
  if (!device.get()) {
    const demo = await api.enrol();
    // a scanned code may have enrolled this till meanwhile
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

/** Reads the shop again, after this till was connected to a shop or disconnected. */
export function shopChanged(): void {
  shopPlace.write(null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "shop" && queryKey[0] !== "setup" });
  void client.resetQueries({ queryKey: shopQuery.queryKey });
}

/** The shop as currently known, for code outside React. */
export const shopNow = () => client.getQueryData<ShopBody>(shopQuery.queryKey);

export const useShopQuery = (refetchInterval: number | false = false) =>
  useQuery({
    ...shopQuery,
    retry: (_, error) => isOutcomeUnknown(error),
    retryDelay: 2_000,
    refetchInterval,
  });

/** The shop, for screens that open only once it is known. */
export function useShop(): ShopBody {
  const { data } = useQuery(shopQuery);
  if (!data) throw new Error("the till is open before its shop is known");
  return data;
}

/** Kept while the till is locked, so that a till unlocked without the server still has its products. */
const catalogueQuery = {
  queryKey: ["catalogue"],
  queryFn: () => asking(api.catalogue),
  gcTime: Number.POSITIVE_INFINITY,
};

export const useCatalogue = () => useQuery(catalogueQuery);

/** The catalogue as currently known, for code outside React. */
export const catalogueNow = () => client.getQueryData<CatalogueBody>(catalogueQuery.queryKey);

/** Reads the catalogue again, after a sale was refused because of an old price. */
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

/** Whether the open session has a right. The server decides; this only hides what it would refuse. */
export function useMay(): (right: string) => boolean {
  const rights = useSession()?.rights;
  return (right) => rights?.includes(right) ?? false;
}

const OFFICE = ["staff.read", "role.read", "device.read", "merchant_key.read", "audit.read", "outlet.read"];

/** Pages that the signed-in person may open. Pages without a rule here are open to everybody who sells. */
export function useMayOpen(): (page: string) => boolean {
  const may = useMay();
  return (page) => (page === "today" ? may("report.read") : page !== "shop" || OFFICE.some(may));
}
