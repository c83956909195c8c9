import { toQrPicture } from "@onegate/contract";

export function Qr({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = toQrPicture(text);
  return (
    <svg
      className="qr"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}
