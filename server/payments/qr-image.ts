import { toQrPicture } from "@onegate/contract";

/** A QR code as a `data:` URL of an SVG, black on white. */
export function toQrImage(text: string): string {
  const { size, path } = toQrPicture(text);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
