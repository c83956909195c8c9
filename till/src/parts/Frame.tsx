import type { ReactNode } from "react";
import { commands } from "../commands.ts";
import { useLive } from "../live.ts";
import { useMayOpen, useShop } from "../server.ts";
import { useSession } from "../till.ts";
import { useWords } from "../words.ts";
import { Icon, type IconName } from "./Icon.tsx";
import { initials, ShopMark } from "./ShopMark.tsx";

export const pages = ["sell", "history", "today", "shop", "settings"] as const satisfies IconName[];
export type Page = (typeof pages)[number];

type Props = { readonly page: Page; readonly onPage: (page: Page) => void; readonly children: ReactNode };

/** The frame of every page except payments: the person, the shop, the connection and the navigation. */
export function Frame({ page, onPage, children }: Props) {
  const words = useWords();
  const mayOpen = useMayOpen();
  return (
    <div className="frame">
      <Header />
      <main className="frame-main">{children}</main>
      <nav className="nav" aria-label={words.mainNav}>
        {pages.filter(mayOpen).map((each) => (
          <button
            key={each}
            type="button"
            aria-current={page === each ? "page" : undefined}
            onClick={() => onPage(each)}
          >
            <Icon name={each} />
            <span>{words[each]}</span>
          </button>
        ))}
      </nav>
    </div>
  );
}

function Header() {
  const words = useWords();
  const shop = useShop();
  const session = useSession();
  const live = useLive();
  return (
    <header className="head">
      <ShopMark>
        <span className="shop-logo shop-initials" aria-hidden="true">
          {initials(shop.merchant.name)}
        </span>
      </ShopMark>
      <div className="head-who">
        <strong>{shop.outlet.name}</strong>
        <span>
          {session && `${session.staff.name} · ${session.staff.role_name ?? words[session.staff.role]}`}
        </span>
      </div>
      <span className={`live live-${live}`} role="status">
        {words[live]}
      </span>
      <button type="button" className="key-quiet square" aria-label={words.lock} onClick={commands.lock.run}>
        <Icon name="lock" />
      </button>
    </header>
  );
}
