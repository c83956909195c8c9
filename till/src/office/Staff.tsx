import { newId, type StaffChangeBody, type StaffMemberBody } from "@onegate/contract";
import { useState } from "react";
import { showNotice } from "../notices.ts";
import { Sheet } from "../parts/Sheet.tsx";
import { useMay, useShop } from "../server.ts";
import { useSession } from "../till.ts";
import { useWords } from "../words.ts";
import { Asked, Empty, Head, initials, No, PIN, Pin, Select, Text, useMoment } from "./parts.tsx";
import { office, refresh, run, useAct, useOutlets, useRoles, useStaff } from "./server.ts";
import { dictionary, useOfficeWords, type OfficeWords } from "./words.ts";

const BUILT_IN = ["cashier", "manager", "owner"] as const;
type BuiltIn = (typeof BUILT_IN)[number];
const isBuiltIn = (role: string): role is BuiltIn => (BUILT_IN as readonly string[]).includes(role);

export function Staff() {
  const words = useOfficeWords();
  const may = useMay();
  const query = useStaff();
  const [open, setOpen] = useState<StaffMemberBody | "new" | null>(null);
  const shown =
    open !== null && open !== "new" ? query.data?.staff.find(({ id }) => id === open.id) : undefined;
  return (
    <>
      <Head
        title={words.staff}
        action={may("staff.manage") ? { label: words.addStaff, run: () => setOpen("new") } : undefined}
      />
      <Asked query={query}>
        {({ staff }) => (
          <>
            <ul className="rows">
              {staff.map((member) => (
                <li key={member.id}>
                  <Member member={member} onOpen={() => setOpen(member)} />
                </li>
              ))}
            </ul>
            {staff.length === 1 && <Empty icon="staff" title={words.aloneHere} hint={words.aloneHereHint} />}
          </>
        )}
      </Asked>
      {open === "new" && <NewMember onClose={() => setOpen(null)} />}
      {shown && <OneMember member={shown} onClose={() => setOpen(null)} />}
    </>
  );
}

export function useRoleName(): (of: Pick<StaffMemberBody, "role" | "role_name">) => string {
  const words = useWords();
  return ({ role, role_name: own }) => own ?? words[role];
}

function Member({ member, onOpen }: { readonly member: StaffMemberBody; readonly onOpen: () => void }) {
  const words = useOfficeWords();
  const roleName = useRoleName();
  const outletName = useOutletName();
  const moment = useMoment();
  const session = useSession();
  const marks = [
    !member.is_active && words.inactive,
    member.blocked_on.length > 0 && words.blocked,
    member.is_active && member.must_change_pin && words.mustChange,
  ].filter((mark) => mark !== false);
  return (
    <button type="button" className={member.is_active ? "row" : "row row-off"} onClick={onOpen}>
      <span className="face" aria-hidden="true">
        {initials(member.name)}
      </span>
      <span className="row-main">
        <strong>
          {member.name}
          {member.id === session?.staff.id && <em className="mark mark-you">{words.you}</em>}
        </strong>
        <small>
          {[roleName(member), member.role === "owner" ? words.everyOutlet : outletName(member.outlet_id)]
            .filter(Boolean)
            .join(" · ")}
        </small>
      </span>
      <span className="row-facts">
        <span>
          {member.last_unlocked_at === null
            ? words.neverUnlocked
            : words.lastUnlock(moment(member.last_unlocked_at))}
        </span>
      </span>
      <span className="row-marks">
        {marks.map((mark) => (
          <em key={mark} className={mark === words.blocked ? "mark mark-no" : "mark"}>
            {mark}
          </em>
        ))}
      </span>
    </button>
  );
}

/** An outlet's name, if there is more than one outlet. */
export function useOutletName(): (id: string) => string | undefined {
  const may = useMay();
  const outlets = useOutlets(may("outlet.read")).data?.outlets ?? [];
  return (id) => (outlets.length > 1 ? outlets.find((outlet) => outlet.id === id)?.name : undefined);
}

/** The roles that the open session may assign; custom roles are given by id. */
function useGivable(now?: string): (readonly [string, string])[] {
  const words = useWords();
  const may = useMay();
  const { data } = useRoles();
  const isOwner = may("role.manage");
  const builtIn = BUILT_IN.filter((role) => isOwner || role === "cashier" || role === now).map(
    (role) => [role, words[role]] as const,
  );
  const own = (data?.roles ?? []).flatMap(({ id, name }) =>
    id !== null && (isOwner || id === now) ? [[id, name] as const] : [],
  );
  return [...builtIn, ...own];
}

const asRole = (value: string) => (isBuiltIn(value) ? { role: value } : { role_id: value });

/** The outlets to choose from; nothing if there is only one. */
function OutletPick({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (id: string) => void;
}) {
  const words = useOfficeWords();
  const may = useMay();
  const outlets = useOutlets(may("outlet.read")).data?.outlets ?? [];
  return outlets.length > 1 ? (
    <Select
      label={words.atOutlet}
      value={value}
      options={outlets.map(({ id, name }) => [id, name] as const)}
      onChange={onChange}
    />
  ) : null;
}

function NewMember({ onClose }: { readonly onClose: () => void }) {
  const words = useOfficeWords();
  const own = useShop().outlet.id;
  const roles = useGivable();
  // the id is made here, so that pressing again after no answer adds nobody twice
  const [id] = useState(newId);
  const [name, setName] = useState("");
  const [role, setRole] = useState<string>("cashier");
  const [outlet, setOutlet] = useState(own);
  const [pin, setPin] = useState("");
  const [again, setAgain] = useState("");
  const { act, busy, no } = useAct();
  const differ = again.length === 6 && again !== pin;

  async function save() {
    const member = { id, name: name.trim(), ...asRole(role), outlet_id: outlet, pin };
    if (!(await act(() => office.addMember(member)))) return;
    showNotice({ tone: "plain", text: (_, language) => dictionary[language].addedStaff(member.name) });
    onClose();
    void refresh("/staff");
  }

  return (
    <Sheet title={words.newStaff} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Text label={words.name} value={name} onChange={setName} />
        <Select label={words.role} value={role} options={roles} onChange={setRole} />
        <OutletPick value={outlet} onChange={setOutlet} />
        <div className="form-pair">
          <Pin label={words.pin} value={pin} onChange={setPin} />
          <Pin label={words.pinAgain} value={again} onChange={setAgain} />
        </div>
        <p className="soft">{words.pinHint}</p>
        <No>{differ ? words.pinsDiffer : no}</No>
        <button
          type="submit"
          className="key-primary"
          disabled={busy || name.trim() === "" || !PIN.test(pin) || pin !== again}
        >
          {busy ? words.saving : words.addStaff}
        </button>
      </form>
    </Sheet>
  );
}

function OneMember({ member, onClose }: { readonly member: StaffMemberBody; readonly onClose: () => void }) {
  const words = useOfficeWords();
  const may = useMay();
  const session = useSession();
  const moment = useMoment();
  const before = member.role_id ?? member.role;
  const roles = useGivable(before);
  const [name, setName] = useState(member.name);
  const [role, setRole] = useState<string>(before);
  const [outlet, setOutlet] = useState(member.outlet_id);
  const [pin, setPin] = useState<string | null>(null);
  const [again, setAgain] = useState("");
  const { act, busy, no } = useAct();
  const isOwner = may("role.manage");
  const isSelf = member.id === session?.staff.id;
  // managers manage only cashiers; the server checks this again
  const mayChange = may("staff.manage") && (isOwner || member.role === "cashier");
  const change: StaffChangeBody = {
    ...(name.trim() === member.name ? {} : { name: name.trim() }),
    ...(role === before ? {} : asRole(role)),
    ...(outlet === member.outlet_id ? {} : { outlet_id: outlet }),
  };
  const isChanged = Object.keys(change).length > 0;

  async function done(
    what: () => Promise<unknown>,
    message: (words: OfficeWords) => string,
    undo?: () => Promise<unknown>,
  ) {
    if (!(await act(what))) return;
    showNotice({
      tone: "plain",
      text: (_, language) => message(dictionary[language]),
      ...(undo ? { action: { label: (till) => till.undo, run: () => void undo() } } : {}),
    });
    onClose();
    void refresh("/staff");
  }
  const turn = (isActive: boolean) =>
    done(
      () => office.changeMember(member.id, { is_active: isActive }),
      ({ activated, deactivated }) => (isActive ? activated : deactivated)(member.name),
      () => run(() => office.changeMember(member.id, { is_active: !isActive }), "/staff"),
    );

  return (
    <Sheet title={member.name} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (pin !== null)
            void done(
              () => office.setPin(member.id, pin),
              ({ pinSet }) => pinSet(member.name),
            );
          else
            void done(
              () => office.changeMember(member.id, change),
              ({ saved }) => saved,
            );
        }}
      >
        {member.blocked_on.length > 0 && (
          <section className="form-alert">
            <p>{words.unblockHint}</p>
            <button
              type="button"
              className="key-second"
              disabled={busy || !mayChange}
              onClick={() =>
                void done(
                  () => office.unblock(member.id),
                  ({ unblocked }) => unblocked(member.name),
                )
              }
            >
              {words.unblock}
            </button>
          </section>
        )}
        <p className="soft">
          {member.last_unlocked_at === null
            ? words.neverUnlocked
            : words.lastUnlock(moment(member.last_unlocked_at))}
        </p>
        {!mayChange && <p className="soft">{words.onlyOwner}</p>}
        {mayChange && pin === null && (
          <>
            <Text label={words.name} value={name} onChange={setName} />
            <Select label={words.role} value={role} options={roles} onChange={setRole} />
            {role !== "owner" && <OutletPick value={outlet} onChange={setOutlet} />}
          </>
        )}
        {mayChange && pin !== null && (
          <>
            <div className="form-pair">
              <Pin label={words.newPin} value={pin} onChange={setPin} />
              <Pin label={words.pinAgain} value={again} onChange={setAgain} />
            </div>
            <p className="soft">{words.setPinHint}</p>
          </>
        )}
        <No>{pin !== null && again.length === 6 && again !== pin ? words.pinsDiffer : no}</No>
        {mayChange && (
          <button
            type="submit"
            className="key-primary"
            disabled={
              busy || (pin === null ? !isChanged || name.trim() === "" : !PIN.test(pin) || pin !== again)
            }
          >
            {busy ? words.saving : pin === null ? words.save : words.setPin}
          </button>
        )}
        {mayChange && pin === null && (
          <div className="form-more">
            <button type="button" className="key-quiet" disabled={busy} onClick={() => setPin("")}>
              {words.setPin}
            </button>
            {!isSelf && (
              <button
                type="button"
                className={member.is_active ? "key-quiet key-no" : "key-quiet"}
                disabled={busy}
                onClick={() => void turn(!member.is_active)}
              >
                {member.is_active ? words.deactivate : words.activate}
              </button>
            )}
          </div>
        )}
      </form>
    </Sheet>
  );
}
