import { useEffect, useRef, type ReactNode } from "react";
import { useWords } from "../words.ts";
import { sheetOpen } from "../notices.ts";
import { Notices } from "./Notices.tsx";
import { Icon } from "./Icon.tsx";

type Props = {
  readonly title: string;
  readonly extra?: ReactNode;
  readonly children: ReactNode;
  readonly onClose: () => void;
};

/** A dialog: at the bottom of a phone, in the middle of larger screens. Escape or a tap outside closes it. */
export function Sheet({ title, extra, children, onClose }: Props) {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    sheetOpen.set(true);
    return () => sheetOpen.set(false);
  }, []);
  return (
    <dialog
      ref={dialog}
      className="sheet"
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div className="sheet-body">
        <header className="sheet-head">
          <h2>{title}</h2>
          {extra}
          <button type="button" className="key-quiet square" aria-label={words.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
        <Notices />
      </div>
    </dialog>
  );
}
