import { calm } from "./media.ts";

const FLIGHT_MS = 200;

/** Animates a copy of a product's picture into the cart, and then pulses the cart. */
export function fly(from: Element | null | undefined): void {
  const target = document.querySelector("[data-cart]");
  if (!target || calm.matches) return;
  target.animate([{ scale: 1 }, { scale: 1.025 }, { scale: 1 }], {
    duration: FLIGHT_MS,
    delay: FLIGHT_MS / 2,
  });
  if (!from) return;
  const start = from.getBoundingClientRect();
  const end = target.getBoundingClientRect();
  const copy = from.cloneNode(true) as HTMLElement;
  copy.className = "flying";
  copy.style.left = `${start.left}px`;
  copy.style.top = `${start.top}px`;
  copy.style.width = `${start.width}px`;
  copy.style.height = `${start.height}px`;
  document.body.append(copy);
  const x = end.left + Math.min(end.width / 2, start.width) - start.left - start.width / 2;
  const y = end.top + Math.min(end.height / 2, start.height) - start.top - start.height / 2;
  copy
    .animate(
      [
        { translate: "0 0", scale: 1, opacity: 1 },
        { translate: `${x}px ${y}px`, scale: 0.25, opacity: 0.4 },
      ],
      {
        duration: FLIGHT_MS,
        easing: "cubic-bezier(0.4, 0, 0.6, 1)",
      },
    )
    .finished.finally(() => copy.remove())
    .catch(() => undefined);
}
