import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeQR } from "qr/decode.js";
import { toQrPicture } from "./index.ts";

const QRIS =
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";
const DOTS = 4;

/** The picture as a camera sees it: each module is several dots wide. */
function photograph(text: string): string {
  const { size, path } = toQrPicture(text);
  const edge = size * DOTS;
  const data = new Uint8Array(edge * edge * 4).fill(255);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\1z/g)) {
    for (let row = 0; row < DOTS; row++) {
      for (let dot = 0; dot < Number(width) * DOTS; dot++)
        data.fill(0, at(Number(x), Number(y), row, dot), at(Number(x), Number(y), row, dot) + 3);
    }
  }
  return decodeQR({ width: edge, height: edge, data });

  function at(x: number, y: number, row: number, dot: number): number {
    return ((y * DOTS + row) * edge + x * DOTS + dot) * 4;
  }
}

describe("the picture of a QR code", () => {
  it("decodes to the text that was drawn", () => {
    for (const text of [
      QRIS,
      "ONEGATE",
      "https://contoh.invalid/struk/01a1fdb6-8d46-7135-a824-e1a067cea9e0?a=é",
    ])
      assert.equal(photograph(text), text);
  });
});
