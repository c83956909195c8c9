import type { RolesBody, ShopRoleBody } from "@onegate/contract";
import { useState } from "react";
import { showNotice } from "../notices.ts";
import { Icon } from "../parts/Icon.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { useMay } from "../server.ts";
import { useSettings } from "../settings.ts";
import { useWords } from "../words.ts";
import { Asked, Check, Empty, Head, No, Text } from "./parts.tsx";
import { office, refresh, useAct, useRoles, useStaff } from "./server.ts";
import { dictionary, useOfficeWords, type OfficeWords } from "./words.ts";

const EXPLAINED = {
  owner: "ownerCan",
  manager: "managerCan",
  cashier: "cashierCan",
} as const satisfies Record<string, keyof OfficeWords>;
const isBuiltIn = (name: string): name is keyof typeof EXPLAINED => Object.hasOwn(EXPLAINED, name);

export function Roles() {
  const words = useOfficeWords();
  const till = useWords();
  const may = useMay();
  const query = useRoles();
  const staff = useStaff(may("staff.read")).data?.staff;
  const [open, setOpen] = useState<ShopRoleBody | "new" | null>(null);
  const people = ({ id, name }: ShopRoleBody) =>
    staff?.filter(
      ({ role, role_id: own, is_active: active }) => active && (id === null ? role === name : own === id),
    ).length;
  return (
    <>
      <Head
        title={words.roles}
        action={may("role.manage") ? { label: words.addRole, run: () => setOpen("new") } : undefined}
      />
      <Asked query={query}>
        {({ roles, grantable }) => (
          <>
            <ul className="rows">
              {roles.map((role) => {
                const count = people(role);
                return (
                  <li key={role.id ?? role.name}>
                    <button type="button" className="row" onClick={() => setOpen(role)}>
                      <Icon name="roles" />
                      <span className="row-main row-tall">
                        <strong>{isBuiltIn(role.name) ? till[role.name] : role.name}</strong>
                        <small>
                          {isBuiltIn(role.name)
                            ? words[EXPLAINED[role.name]]
                            : words.rightsOf(role.rights.length)}
                        </small>
                      </span>
                      {count !== undefined && (
                        <span className="row-facts">
                          <span>{words.peopleWith(count)}</span>
                        </span>
                      )}
                      <span className="row-marks">
                        <em className="mark">{role.built_in ? words.builtIn : words.customRole}</em>
                      </span>
                    </button>
                  </li>
                );
              })}
            </ul>
            {roles.every((role) => role.built_in) && (
              <Empty icon="roles" title={words.customNone} hint={words.customNoneHint} />
            )}
            {open !== null && (
              <OneRole
                role={open === "new" ? null : open}
                grantable={grantable}
                mayChange={may("role.manage") && (open === "new" || !open.built_in)}
                onClose={() => setOpen(null)}
              />
            )}
          </>
        )}
      </Asked>
    </>
  );
}

type OneRoleProps = {
  readonly role: ShopRoleBody | null;
  readonly grantable: RolesBody["grantable"];
  readonly mayChange: boolean;
  readonly onClose: () => void;
};

/** A role as a list of its rights in plain words; `null` for a new role. */
function OneRole({ role, grantable, mayChange, onClose }: OneRoleProps) {
  const words = useOfficeWords();
  const till = useWords();
  const { language } = useSettings();
  const [name, setName] = useState(role?.name ?? "");
  const [rights, setRights] = useState<readonly string[]>(role?.rights ?? []);
  const { act, busy, no } = useAct();
  const id = role?.id ?? null;

  async function done(what: () => Promise<unknown>, message: (words: OfficeWords) => string) {
    if (!(await act(what))) return;
    showNotice({ tone: "plain", text: (_, spoken) => message(dictionary[spoken]) });
    onClose();
    void refresh("/roles", "/staff");
  }

  function save() {
    const named = name.trim();
    const held = grantable.map(({ right }) => right).filter((right) => rights.includes(right));
    void done(
      () => (id === null ? office.addRole(named, held) : office.changeRole(id, named, held)),
      ({ roleSaved }) => roleSaved(named),
    );
  }

  const title = role === null ? words.newRole : isBuiltIn(role.name) ? till[role.name] : role.name;
  return (
    <Sheet title={title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        {mayChange && <Text label={words.name} value={name} most={60} onChange={setName} />}
        {role !== null && isBuiltIn(role.name) && <p className="soft">{words[EXPLAINED[role.name]]}</p>}
        <fieldset className="checks">
          <legend>{words.mayDo}</legend>
          {grantable.map(({ right, description_id: indonesian, description_en: english }) => (
            <Check
              key={right}
              label={language === "id" ? indonesian : english}
              checked={rights.includes(right)}
              disabled={!mayChange}
              onChange={(on) => setRights(on ? [...rights, right] : rights.filter((each) => each !== right))}
            />
          ))}
        </fieldset>
        <No>{no}</No>
        {mayChange && (
          <button
            type="submit"
            className="key-primary"
            disabled={busy || name.trim() === "" || rights.length === 0}
          >
            {busy ? words.saving : words.save}
          </button>
        )}
        {mayChange && id !== null && (
          <div className="form-more">
            <button
              type="button"
              className="key-quiet key-no"
              disabled={busy}
              onClick={() =>
                void done(
                  () => office.deleteRole(id),
                  ({ roleDeleted }) => roleDeleted(name),
                )
              }
            >
              {words.deleteRole}
            </button>
          </div>
        )}
      </form>
    </Sheet>
  );
}
