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
import { say } from "../notices.ts";
import { asking, client } from "../server.ts";
import { useSettings, type Language } from "../settings.ts";
import { dictionary } from "./words.ts";

/** What is to be given back of a sale. */
export type Input = {
  readonly kind: "void" | "refund";
  readonly lines: ReturnLinesBody | null;
  readonly restock: boolean;
  readonly reason: string;
};
type ReturnLinesBody = NonNullable<NewReturnBody["lines"]>;

type Method = Parameters<typeof call>[0];

const ask = <Answer>(method: Method, path: string, body?: unknown) =>
  asking((token) =>
    call(method, path, { token, ...(body === undefined ? {} : { body }) }),
  ) as Promise<Answer>;

export const office = {
  addMember: (member: NewStaffBody) => ask<StaffMemberBody>("POST", "/staff", member),
  changeMember: (id: Id, change: StaffChangeBody) => ask<StaffMemberBody>("PATCH", `/staff/${id}`, change),
  setPin: (id: Id, pin: string) => ask<undefined>("PUT", `/staff/${id}/pin`, { pin }),
  unblock: (id: Id) => ask<undefined>("POST", `/staff/${id}/unblock`, {}),
  addRole: (name: string, rights: string[]) => ask<ShopRoleBody>("POST", "/roles", { name, rights }),
  changeRole: (id: Id, name: string, rights: string[]) =>
    ask<ShopRoleBody>("PUT", `/roles/${id}`, { name, rights }),
  deleteRole: (id: Id) => ask<undefined>("DELETE", `/roles/${id}`),
  makeCode: (outletId: Id, name: string) =>
    ask<DeviceCodeBody>("POST", "/devices/codes", { outlet_id: outletId, name }),
  revokeDevice: (id: Id, reason: RevokeDeviceBody["reason"]) =>
    ask<DeviceBody>("POST", `/devices/${id}/revoke`, { reason }),
  makeKey: (name: string, scopes: KeyScope[], days: number | null) =>
    ask<KeyWithSecretBody>("POST", "/keys", {
      name,
      scopes,
      ...(days === null ? {} : { expires_in_days: days }),
    }),
  revokeKey: (id: Id) => ask<KeyBody>("POST", `/keys/${id}/revoke`),
  endSession: (id: Id) => ask<undefined>("DELETE", `/staff-sessions/${id}`),
  changeOutlet: (id: Id, change: OutletChangeBody) => ask<OutletBody>("PATCH", `/outlets/${id}`, change),
  /** What a refund of these lines gives back, before it is done. */
  sumBack: async (saleId: Id, lines: ReturnLinesBody) =>
    (await ask<{ amount: MoneyBody }>("POST", `/till/sales/${saleId}/refund/sum`, { lines })).amount,
  approve: (approval: NewApprovalBody) => ask<ApprovalBody>("POST", "/till/approvals", approval),
  /** Gives back once per `id`, however often it is asked. */
  giveBack: (saleId: Id, id: Id, { kind, lines, restock, reason }: Input, approval: Id | undefined) =>
    asking((token) =>
      call("POST", `/till/sales/${saleId}/${kind}`, {
        token,
        body: kind === "void" ? { id, reason } : { id, reason, restock, ...(lines ? { lines } : {}) },
        ...(approval === undefined ? {} : { approval }),
      }),
    ) as Promise<SaleBody>,
  auditPage: (filter: Record<string, string>) =>
    ask<AuditPageBody>("GET", `/audit?${new URLSearchParams(filter)}`),
};

/** Saves the audit trail as a file. */
export async function exportAudit(): Promise<void> {
  const file = await ask<Blob>("GET", "/audit/export");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `audit-${new Date().toISOString().slice(0, 10)}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A list of the back office: read anew whenever it is opened. */
function useList<Answer>(
  path: string,
  { every = false, enabled = true }: { every?: number | false; enabled?: boolean } = {},
) {
  return useQuery({
    queryKey: ["office", path],
    queryFn: () => ask<Answer>("GET", path),
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

/** Reads lists anew after a change, and the shop with them: the locked screen shows its staff, the receipt its address. */
export async function refresh(...paths: string[]): Promise<void> {
  await Promise.all(
    [["shop"], ...paths.map((path) => ["office", path])].map((queryKey) =>
      client.invalidateQueries({ queryKey }),
    ),
  );
}

/** Why something could not be done, in words. */
export function why(error: unknown, language: Language): string {
  return error instanceof Refused ? error.problem.detail[language] : dictionary[language].silent;
}

/** Does what was pressed outside a sheet; a notice says why not. */
export async function run(what: () => Promise<unknown>, ...paths: string[]): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (error) {
    say({ tone: "refusal", text: (_, language) => why(error, language) });
    return false;
  } finally {
    void refresh(...paths);
  }
}

/** Does one thing at a time, and keeps why it was refused. */
export function useAct() {
  const { language } = useSettings();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return {
    busy,
    no: error === null ? null : why(error, language),
    /** What it answered, or nothing when it was refused. */
    act: async <Answer>(what: () => Promise<Answer>): Promise<{ readonly answer: Answer } | null> => {
      setBusy(true);
      setError(null);
      try {
        return { answer: await what() };
      } catch (refused) {
        setError(refused);
        return null;
      } finally {
        setBusy(false);
      }
    },
  };
}
