import { commands } from "../commands.ts";
import { showNotice } from "../notices.ts";
import { useWide } from "../parts/media.ts";
import { Sheet } from "../parts/Sheet.tsx";
import { change, useSettings } from "../settings.ts";
import { play } from "../sound.ts";
import { signOut, useSession } from "../till.ts";
import { useWords } from "../words.ts";

export function Settings({ onClose }: { readonly onClose: () => void }) {
  const words = useWords();
  const { language, theme, sound } = useSettings();
  const wide = useWide();
  return (
    <Sheet title={words.settings} onClose={onClose}>
      <Choice
        name={words.language}
        chosen={language}
        options={[
          ["id", "Indonesia"],
          ["en", "English"],
        ]}
        onChoose={(chosen) => change({ language: chosen })}
      />
      <Choice
        name={words.theme}
        chosen={theme}
        options={[
          ["auto", words.auto],
          ["light", words.light],
          ["dark", words.dark],
        ]}
        onChoose={(chosen) => change({ theme: chosen })}
      />
      <Choice
        name={words.sound}
        chosen={sound ? "on" : "off"}
        options={[
          ["on", words.soundOn],
          ["off", words.soundOff],
        ]}
        onChoose={(chosen) => {
          change({ sound: chosen === "on" });
          play("scan");
        }}
      />
      <SignOut />
      {wide && (
        <section className="choice">
          <h3>{words.keys}</h3>
          <dl className="keys">
            {Object.values(commands).map(({ key, label }) => (
              <div key={key}>
                <dt>{label(words)}</dt>
                <dd>
                  <kbd>{key}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </Sheet>
  );
}

function SignOut() {
  const words = useWords();
  const session = useSession();
  if (!session) return null;
  return (
    <section className="choice">
      <h3>{session.staff.name}</h3>
      <button
        type="button"
        className="key-second"
        onClick={() => {
          void signOut().then(
            (isHeard) => isHeard || showNotice({ tone: "plain", text: (spoken) => spoken.signedOutHere }),
          );
        }}
      >
        {words.signOut}
      </button>
      <p className="soft">{words.signOutWhat}</p>
    </section>
  );
}

type ChoiceProps<Value extends string> = {
  readonly name: string;
  readonly chosen: Value;
  readonly options: readonly (readonly [value: Value, label: string])[];
  readonly onChoose: (value: Value) => void;
};

function Choice<Value extends string>({ name, chosen, options, onChoose }: ChoiceProps<Value>) {
  return (
    <section className="choice" role="group" aria-label={name}>
      <h3>{name}</h3>
      <div className="switch">
        {options.map(([value, label]) => (
          <button key={value} type="button" aria-pressed={value === chosen} onClick={() => onChoose(value)}>
            {label}
          </button>
        ))}
      </div>
    </section>
  );
}
