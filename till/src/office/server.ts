import type {
  ApprovalBody,
  AuditPageBody,
  DeviceBody,
  DeviceCodeBody,
  Id,
  KeyBody,
  KeyScope,
  KeyWithSecretBody,
  MoneyBody,
  NewApprovalBody,
  NewReturnBody,
  NewStaffBody,
  OutletBody,
  OutletChangeBody,
  RevokeDeviceBody,
  RolesBody,
  SaleBody,
  ShopRoleBody,
  StaffChangeBody,
  StaffMemberBody,
  StaffSessionBody,
} from "@onegate/contract";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, Refused } from "../api.ts";
import { showNotice } from "../notices.ts";
import { asking, client } from "../server.ts";
import { useSettings, type Language } from "../settings.ts";
import { dictionary } from "./words.ts";

/** A void or refund of a sale, as the cashier entered it. `lines` is null for all lines that are left. */
export type Input = {
  readonly kind: "void" | "refund";
  readonly lines: ReturnLinesBody | null;
  readonly restock: boolean;
  readonly reason: string;
};
type ReturnLinesBody = NonNullable<NewReturnBody["lines"]>;

type Method = Parameters<typeof call>[0];

const request = <Answer>(method: Method, path: string, body?: unknown) =>
  asking((token) =>
    call(method, path, { token, ...(body === undefined ? {} : { body }) }),
  ) as Promise<Answer>;

export const office = {
  addMember: (member: NewStaffBody) => request<StaffMemberBody>("POST", "/staff", member),
  changeMember: (id: Id, change: StaffChangeBody) =>
    request<StaffMemberBody>("PATCH", `/staff/${id}`, change),
  setPin: (id: Id, pin: string) => request<undefined>("PUT", `/staff/${id}/pin`, { pin }),
  unblock: (id: Id) => request<undefined>("POST", `/staff/${id}/unblock`, {}),
  addRole: (name: string, rights: string[]) => request<ShopRoleBody>("POST", "/roles", { name, rights }),
  changeRole: (id: Id, name: string, rights: string[]) =>
    request<ShopRoleBody>("PUT", `/roles/${id}`, { name, rights }),
  deleteRole: (id: Id) => request<undefined>("DELETE", `/roles/${id}`),
  makeCode: (outletId: Id, name: string) =>
    request<DeviceCodeBody>("POST", "/devices/codes", { outlet_id: outletId, name }),
  revokeDevice: (id: Id, reason: RevokeDeviceBody["reason"]) =>
    request<DeviceBody>("POST", `/devices/${id}/revoke`, { reason }),
  makeKey: (name: string, scopes: KeyScope[], days: number | null) =>
    request<KeyWithSecretBody>("POST", "/keys", {
      name,
      scopes,
      ...(days === null ? {} : { expires_in_days: days }),
    }),
  revokeKey: (id: Id) => request<KeyBody>("POST", `/keys/${id}/revoke`),
  endSession: (id: Id) => request<undefined>("DELETE", `/staff-sessions/${id}`),
  changeOutlet: (id: Id, change: OutletChangeBody) => request<OutletBody>("PATCH", `/outlets/${id}`, change),
  /** Calculates the refund for these lines without making it. */
  sumBack: async (saleId: Id, lines: ReturnLinesBody) =>
    (await request<{ amount: MoneyBody }>("POST", `/till/sales/${saleId}/refund/sum`, { lines })).amount,
  approve: (approval: NewApprovalBody) => request<ApprovalBody>("POST", "/till/approvals", approval),
  /** Voids or refunds once per `id`; repeating the call has no further effect. */
  giveBack: (saleId: Id, id: Id, { kind, lines, restock, reason }: Input, approval: Id | undefined) =>
    asking((token) =>
      call("POST", `/till/sales/${saleId}/${kind}`, {
        token,
        body: kind === "void" ? { id, reason } : { id, reason, restock, ...(lines ? { lines } : {}) },
        ...(approval === undefined ? {} : { approval }),
      }),
    ) as Promise<SaleBody>,
  auditPage: (filter: Record<string, string>) =>
    request<AuditPageBody>("GET", `/audit?${new URLSearchParams(filter)}`),
};

/** Saves the audit trail as a file. */
export async function exportAudit(): Promise<void> {
  const file = await request<Blob>("GET", "/audit/export");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `audit-${new Date().toISOString().slice(0, 10)}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A list of the back office, read again whenever it is opened. */
function useList<Answer>(
  path: string,
  { every = false, enabled = true }: { every?: number | false; enabled?: boolean } = {},
) {
  return useQuery({
    queryKey: ["office", path],
    queryFn: () => request<Answer>("GET", path),
    staleTime: 1_000,
    refetchInterval: every,
    enabled,
  });
}

export const useStaff = (enabled = true) => useList<{ staff: StaffMemberBody[] }>("/staff", { enabled });
export const useRoles = (enabled = true) => useList<RolesBody>("/roles", { enabled });
export const useDevices = (how: { every?: number | false; enabled?: boolean } = {}) =>
  useList<{ devices: DeviceBody[] }>("/devices", how);
export const useKeys = () => useList<{ keys: KeyBody[] }>("/keys");
export const useStaffSessions = () =>
  useList<{ sessions: StaffSessionBody[] }>("/staff-sessions", { every: 5_000 });
export const useOutlets = (enabled = true) => useList<{ outlets: OutletBody[] }>("/outlets", { enabled });

/** Reads lists again after a change, and the shop too, which the locked screen and the receipt show. */
export async function refresh(...paths: string[]): Promise<void> {
  await Promise.all(
    [["shop"], ...paths.map((path) => ["office", path])].map((queryKey) =>
      client.invalidateQueries({ queryKey }),
    ),
  );
}

/** The reason for a failure, as a sentence for the user. */
export function why(error: unknown, language: Language): string {
  return error instanceof Refused ? error.problem.detail[language] : dictionary[language].silent;
}

/** Runs an action that was started outside a sheet. A notice says why it failed. */
export async function run(what: () => Promise<unknown>, ...paths: string[]): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (error) {
    showNotice({ tone: "refusal", text: (_, language) => why(error, language) });
    return false;
  } finally {
    void refresh(...paths);
  }
}

/** Runs one action at a time, and keeps the reason if it failed. */
export function useAct() {
  const { language } = useSettings();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return {
    busy,
    no: error === null ? null : why(error, language),
    /** The answer of the action, or null if it failed. */
    act: async <Answer>(what: () => Promise<Answer>): Promise<{ readonly answer: Answer } | null> => {
      setBusy(true);
      setError(null);
      try {
        return { answer: await what() };
      } catch (failure) {
        setError(failure);
        return null;
      } finally {
        setBusy(false);
      }
    },
  };
}
