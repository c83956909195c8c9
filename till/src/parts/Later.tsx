import { useEffect, useState, type ComponentType } from "react";
import { useWords } from "../words.ts";

/**
 * A part of the till that is fetched when it is first opened, so that what sells starts fast.
 * When it can't be fetched, reading the page again is the way: nothing of the till is lost by that.
 */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
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
    return (
      <div className="page">
        {failed ? (
          <div className="empty" role="alert">
            <strong>{words.notLoaded}</strong>
            <p>{words.needsServer}</p>
            <button type="button" className="key-second" onClick={() => location.reload()}>
              {words.again}
            </button>
          </div>
        ) : (
          <span className="card card-skeleton" aria-hidden="true" />
        )}
      </div>
    );
  };
}
