import { clearNotice, useNotice } from "../notices.ts";
import { useSettings } from "../settings.ts";
import { dictionary } from "../words.ts";

export function Notices() {
  const notice = useNotice();
  const { language } = useSettings();
  const words = dictionary[language];
  const action = notice?.action;
  return (
    <div className="notices" role={notice?.tone === "refusal" ? "alert" : "status"} aria-live="polite">
      {notice && (
        <div className={`notice notice-${notice.tone}`}>
          <p>{notice.text(words, language)}</p>
          {action && (
            <button
              type="button"
              onClick={() => {
                action.run();
                clearNotice();
              }}
            >
              {action.label(words)}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
