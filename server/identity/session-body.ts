import type { SessionBody, StaffBody } from "@onegate/contract";
import type { Staff } from "./staff.ts";
import type { Session } from "./unlock.ts";

export function staffBody({ staffId, name, role, roleName }: Staff): StaffBody {
  return { id: staffId, name, role, role_name: roleName ?? null };
}

export function sessionBody({ token, expiresAt, staff, rights, mustChangePin }: Session): SessionBody {
  return {
    token,
    expires_at: expiresAt.toISOString(),
    staff: staffBody(staff),
    rights: [...rights],
    must_change_pin: mustChangePin,
  };
}
