import { encodeQR } from "qr";

/** A QR code as one SVG path; `size` is the length of its side in modules, including the white border. */
export type QrPicture = { readonly size: number; readonly path: string };

/** White modules around the code, which cameras need to find it. */
const QUIET = 4;

/**
 * Draws a text as a QR code with error correction level M (ISO/IEC 18004). Each horizontal run of dark
 * modules is one rectangle.
 */
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
