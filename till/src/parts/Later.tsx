import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { useWords, type Words } from "../words.ts";

type Shell<Props> = (around: {
  readonly props: Props;
  readonly failed: boolean;
  readonly children: ReactNode;
}) => ReactNode;

/** A whole page, whose shape stands while it is fetched. */
const asPage: Shell<object> = ({ failed, children }) => (
  <div className="page">{failed ? children : <span className="card card-skeleton" aria-hidden="true" />}</div>
);

/** What stands before the till: nothing sells behind it, and an empty shape would flash. */
const asDoor: Shell<object> = ({ failed, children }) => <div className="page">{failed && children}</div>;

/** A door of the till that is loaded when it is shown. */
export const laterDoor = (load: () => Promise<ComponentType>) =>
  later<object>(load, asDoor, (words) => words.doorNeedsServer);

/**
 * A part of the till that is fetched when it is first opened, so that what sells starts fast. `shell` is shown until then,
 * with what to say when it can't be fetched: reading the page again is the way, and nothing of the till is lost by that.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  shell: Shell<Props> = asPage,
  hint = (words: Words) => words.needsServer,
): ComponentType<Props> {
  let known: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const words = useWords();
    const [Part, setPart] = useState(() => known);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      const read = async () => {
        try {
          known ??= await load();
          setPart(() => known);
        } catch {
          setFailed(true);
        }
      };
      void read();
    }, []);
    if (Part) return <Part {...props} />;
    const why = (
      <div className="empty" role="alert">
        <strong>{words.notLoaded}</strong>
        <p>{hint(words)}</p>
        <button type="button" className="key-second" onClick={() => location.reload()}>
          {words.again}
        </button>
      </div>
    );
    return shell({ props, failed, children: why });
  };
}
