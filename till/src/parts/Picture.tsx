import { useState } from "react";

/** A product's picture, or its first letter on the same background. */
export function Picture({ src, name }: { readonly src: string | null; readonly name: string }) {
  const [broken, setBroken] = useState(false);
  return (
    <span className="picture" aria-hidden="true">
      {src !== null && !broken ? (
        <img src={src} alt="" loading="lazy" draggable={false} onError={() => setBroken(true)} />
      ) : (
        <span className="picture-letter">{name.slice(0, 1)}</span>
      )}
    </span>
  );
}
