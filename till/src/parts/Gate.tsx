const half = "M29 3 25 12H20V14H21V20H15V23H17V30H11V33H13V41H6V44H8V54H4V60H29Z";

/** The logo, a candi bentar: two mirrored, stepped halves with a passage between them. */
export function Gate({ title }: { readonly title?: string }) {
  return (
    <svg
      className="gate"
      viewBox="0 0 64 63"
      {...(title === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": title })}
    >
      <path className="gate-left" d={half} />
      <g transform="matrix(-1 0 0 1 64 0)">
        <path className="gate-right" d={half} />
      </g>
    </svg>
  );
}

/** One tall half, for the animation in which the gate opens. */
export function GateHalf({ side }: { readonly side: "left" | "right" }) {
  return (
    <svg
      className={`gate-half gate-half-${side}`}
      viewBox="4 3 25 57"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={half} />
    </svg>
  );
}
