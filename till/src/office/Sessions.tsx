import type { StaffSessionBody } from "@onegate/contract";
import { showNotice } from "../notices.ts";
import { useMay } from "../server.ts";
import { Asked, Empty, Head, initials, useMoment } from "./parts.tsx";
import { office, run, useStaffSessions } from "./server.ts";
import { dictionary, useOfficeWords } from "./words.ts";

export function Sessions() {
  const words = useOfficeWords();
  const may = useMay();
  const moment = useMoment();
  const query = useStaffSessions();

  async function end({ id, staff }: StaffSessionBody) {
    if (await run(() => office.endSession(id), "/staff-sessions"))
      showNotice({ tone: "plain", text: (_, language) => dictionary[language].sessionEnded(staff.name) });
  }

  return (
    <>
      <Head title={words.sessions} />
      <Asked query={query}>
        {({ sessions }) => (
          <>
            <ul className="rows">
              {sessions.map((session) => (
                <li key={session.id} className="row">
                  <span className="face" aria-hidden="true">
                    {initials(session.staff.name)}
                  </span>
                  <span className="row-main">
                    <strong>
                      {session.staff.name}
                      {session.this_session && <em className="mark mark-you">{words.thisSession}</em>}
                    </strong>
                    <small>
                      {[session.device.name, words.since(moment(session.created_at))].join(" · ")}
                    </small>
                  </span>
                  {!session.this_session && may("staff_session.end") && (
                    <button
                      type="button"
                      className="key-quiet key-no"
                      aria-label={words.endSessionOf(session.staff.name)}
                      onClick={() => void end(session)}
                    >
                      {words.endSession}
                    </button>
                  )}
                </li>
              ))}
            </ul>
            {sessions.every((session) => session.this_session) && (
              <Empty icon="sessions" title={words.sessionsNone} hint={words.sessionsNoneHint} />
            )}
          </>
        )}
      </Asked>
    </>
  );
}
