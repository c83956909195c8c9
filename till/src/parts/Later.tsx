import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { useWords } from "../words.ts";

type Shell<Props> = (around: { readonly props: Props; readonly failed: boolean; readonly children: ReactNode }) => ReactNode;

/** A whole page, whose shape stands while it is fetched. */
const asPage: Shell<object> = ({ failed, children }) => <div className="page">{failed ? children : <span className="card card-skeleton" aria-hidden="true" />}</div>;

/**
 * A part of the till that is fetched when it is first opened, so that what sells starts fast. `shell` is shown until then,
 * with what to say when it can't be fetched: reading the page again is the way, and nothing of the till is lost by that.
 */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>, shell: Shell<Props> = asPage): ComponentType<Props> {
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
        <p>{words.needsServer}</p>
        <button type="button" className="key-second" onClick={() => location.reload()}>
          {words.again}
        </button>
      </div>
    );
    return shell({ props, failed, children: why });
  };
}
