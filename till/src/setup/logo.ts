const SIDE = 512;
const MAX_BYTES = 200_000;
const QUALITIES = [0.9, 0.8, 0.65, 0.5];

/**
 * Resizes a picture to at most 512 pixels a side and 200 kB, as a data URL; undefined if this browser can't
 * read the file as a picture.
 */
export async function toLogo(file: Blob): Promise<string | undefined> {
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (!picture) return undefined;
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  // a browser that can't write WebP writes PNG instead, which ignores the quality
  for (const quality of QUALITIES) {
    const url = canvas.toDataURL("image/webp", quality);
    if (bytesOf(url) <= MAX_BYTES) return url;
  }
  const url = canvas.toDataURL("image/jpeg", 0.7);
  return bytesOf(url) <= MAX_BYTES ? url : undefined;
}

const bytesOf = (url: string) => ((url.length - url.indexOf(",") - 1) * 3) / 4;
