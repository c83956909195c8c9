import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { useWords, type Words } from "../words.ts";

type Shell<Props> = (around: {
  readonly props: Props;
  readonly failed: boolean;
  readonly children: ReactNode;
}) => ReactNode;

/** A whole page, with a placeholder while it is loaded. */
const asPage: Shell<object> = ({ failed, children }) => (
  <div className="page">{failed ? children : <span className="card card-skeleton" aria-hidden="true" />}</div>
);

/** A page that is shown instead of the till. It has no placeholder, which would only flash. */
const asDoor: Shell<object> = ({ failed, children }) => <div className="page">{failed && children}</div>;

/** A page shown instead of the till, loaded when it is first shown. */
export const laterDoor = (load: () => Promise<ComponentType>) =>
  later<object>(load, asDoor, (words) => words.doorNeedsServer);

/**
 * A part of the till that is loaded when it is first opened, so that selling starts fast. `shell` is shown
 * until then. If the part can't be loaded, a button reloads the page; the state of the till survives that.
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
