import type { CatalogueBody } from "@onegate/contract";
import { useState } from "react";
import { commands } from "../commands.ts";
import { fits } from "../find.ts";
import { pieces, type Cart } from "../machine.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { CartFoot } from "../parts/CartFoot.tsx";
import { CartLines, emptyCart } from "../parts/CartLines.tsx";
import { fly } from "../parts/fly.ts";
import { Icon } from "../parts/Icon.tsx";
import { useWide } from "../parts/media.ts";
import { Picture } from "../parts/Picture.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { useRepricing } from "../repricing.ts";
import { addProduct, useScanned } from "../scans.ts";
import { useCatalogue, useShop } from "../server.ts";
import { minorOf, totalOf } from "../sum.ts";
import { useWords } from "../words.ts";

type Shelf = CatalogueBody["products"][number];

const FAVOURITES = "favourites";
const ALL = "all";
const FEW_LEFT = 5;

export function Sell({ cart }: { readonly cart: Cart }) {
  const words = useWords();
  const wide = useWide();
  const { data: catalogue, isError } = useCatalogue();
  const [query, setQuery] = useState("");
  useRepricing();
  const [category, setCategory] = useState(FAVOURITES);
  useScanned((code) => setQuery((typed) => (typed.endsWith(code) ? typed.slice(0, -code.length) : typed)));

  const names = new Map(catalogue?.categories.map(({ id, name }) => [id, name]));
  const hasFavourites = catalogue?.products.some(({ favourite }) => favourite) ?? true;
  const chosen = category === FAVOURITES && !hasFavourites ? ALL : category;
  const chips = [
    ...(hasFavourites ? [{ id: FAVOURITES, name: words.favourites }] : []),
    { id: ALL, name: words.all },
    ...(catalogue?.categories ?? []),
  ];
  const shown = catalogue?.products.filter((product) => {
    if (query.trim() !== "") return fits(query, product.name, names.get(product.category_id) ?? "");
    return chosen === ALL || (chosen === FAVOURITES ? product.favourite : product.category_id === chosen);
  });

  return (
    <div className="sell">
      <div className="sell-find">
        <label className="search">
          <Icon name="search" />
          <input
            type="search"
            aria-label={words.search}
            placeholder={words.search}
            value={query}
            autoComplete="off"
            enterKeyHint="search"
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              setQuery("");
              event.currentTarget.blur();
            }}
          />
          {query === "" ? (
            wide && <kbd aria-hidden="true">/</kbd>
          ) : (
            <button type="button" aria-label={words.clearSearch} onClick={() => setQuery("")}>
              <Icon name="close" />
            </button>
          )}
        </label>
        <div className="chips" role="group" aria-label={words.categories}>
          {chips.map(({ id, name }) => (
            <button
              key={id}
              type="button"
              className="chip"
              aria-pressed={query === "" && chosen === id}
              onClick={() => {
                setCategory(id);
                setQuery("");
              }}
            >
              <span>{name}</span>
            </button>
          ))}
        </div>
      </div>
      <section className="shelf" aria-label={chips.find(({ id }) => id === chosen)?.name}>
        {!shown && (isError ? <p role="alert">{words.catalogueSilent}</p> : <Skeletons />)}
        {shown?.length === 0 && (
          <div className="empty">
            <Icon name="search" />
            <strong>{query === "" ? words.noProducts : words.nothingFound(query)}</strong>
            <p>{query === "" ? words.noProductsHint : words.nothingFoundHint}</p>
          </div>
        )}
        <div className="tiles">
          {shown?.map((product) => (
            <Tile
              key={product.id}
              product={product}
              inCart={cart.find(({ productId }) => productId === product.id)?.quantity ?? 0}
            />
          ))}
        </div>
      </section>
      {wide ? <CartPane cart={cart} /> : <CartBar cart={cart} />}
    </div>
  );
}

function Skeletons() {
  return (
    <div className="tiles" aria-hidden="true">
      {Array.from({ length: 9 }, (_, place) => (
        <span key={place} className="tile tile-skeleton">
          <span className="picture" />
          <span />
          <span />
        </span>
      ))}
    </div>
  );
}

function Tile({ product, inCart }: { readonly product: Shelf; readonly inCart: number }) {
  const words = useWords();
  const price = minorOf(product.price);
  const priceText = useAmountText()(price);
  const stock =
    product.stock === null
      ? null
      : product.stock <= 0
        ? words.soldOut
        : product.stock <= FEW_LEFT
          ? words.left(product.stock)
          : null;
  const label = [product.name, priceText, stock, inCart > 0 ? words.inCart(inCart) : null]
    .filter(Boolean)
    .join(", ");
  return (
    <button
      type="button"
      className="tile"
      aria-label={label}
      onClick={(event) => {
        addProduct(product);
        fly(event.currentTarget.querySelector(".picture"));
      }}
    >
      <Picture src={product.picture} name={product.name} />
      <span className="tile-name">{product.name}</span>
      <span className="tile-price">
        <Amount minor={price} />
      </span>
      {stock !== null && <span className="tile-stock">{stock}</span>}
      {inCart > 0 && <span className="tile-count">{inCart}</span>}
    </button>
  );
}

function CartPane({ cart }: { readonly cart: Cart }) {
  const words = useWords();
  return (
    <aside className="cart-pane" aria-label={words.cart} data-cart>
      <header className="cart-pane-head">
        <h2>{words.cart}</h2>
        {cart.length > 0 && <EmptyCartKey />}
      </header>
      <CartLines cart={cart} />
      <CartFoot cart={cart} />
    </aside>
  );
}

function EmptyCartKey() {
  const words = useWords();
  return (
    <button type="button" className="key-quiet" onClick={emptyCart}>
      {words.emptyCart}
    </button>
  );
}

function CartBar({ cart }: { readonly cart: Cart }) {
  const words = useWords();
  const shop = useShop();
  const [open, setOpen] = useState(false);
  if (open) {
    return (
      <Sheet title={words.cart} extra={cart.length > 0 && <EmptyCartKey />} onClose={() => setOpen(false)}>
        <CartLines cart={cart} />
        <CartFoot cart={cart} />
      </Sheet>
    );
  }
  if (cart.length === 0) return null;
  return (
    <div className="cart-bar" data-cart>
      <button
        type="button"
        className="cart-bar-open"
        aria-label={words.openCart}
        onClick={() => setOpen(true)}
      >
        <span>{words.items(pieces(cart))}</span>
        <Amount minor={totalOf(cart, shop).total} look="title" />
      </button>
      <button type="button" className="key-primary" onClick={commands.pay.run}>
        {words.pay}
      </button>
    </div>
  );
}
