import { encodeQR } from "qr";

/** A QR code as one path of an SVG; `size` is its edge in modules, with the white border. */
export type QrPicture = { readonly size: number; readonly path: string };

/** White modules around the code, without which a camera doesn't find it. */
const QUIET = 4;

/** Draws a text as QR code, error correction level M (ISO/IEC 18004): each run of dark modules in a row is one rectangle. */
export function toQrPicture(text: string): QrPicture {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET });
  let path = "";
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x]) x++;
      path += `M${start} ${y}h${x - start}v1H${start}z`;
    }
  }
  return { size: rows.length, path };
}
