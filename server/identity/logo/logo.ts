import { refuse, type Id, type Refusal } from "@onegate/contract";

export type Logo = {
  readonly contentType: "image/png" | "image/jpeg" | "image/webp";
  readonly content: Buffer;
};
export type KeptLogo = Logo & { readonly logoId: Id };

const MAX_BYTES = 200_000;
const DATA_URL = /^data:(image\/(?:png|jpeg|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

const looksLike: Readonly<Record<Logo["contentType"], (content: Buffer) => boolean>> = {
  "image/png": (content) => content.subarray(0, 8).equals(Buffer.from("89504e470d0a1a0a", "hex")),
  "image/jpeg": (content) => content.subarray(0, 3).equals(Buffer.from("ffd8ff", "hex")),
  "image/webp": (content) =>
    content.subarray(0, 4).toString("latin1") === "RIFF" &&
    content.subarray(8, 12).toString("latin1") === "WEBP",
};

/** Reads a logo from a data URL. Its first bytes must match the declared type. Refuses `logo_invalid`. */
export function checkedToLogo(unchecked: string): Logo | Refusal {
  const [, type, text] = DATA_URL.exec(unchecked) ?? [];
  if (!type || !text) return refuse("logo_invalid");
  const contentType = type as Logo["contentType"];
  const content = Buffer.from(text, "base64");
  return content.length <= MAX_BYTES && looksLike[contentType](content)
    ? { contentType, content }
    : refuse("logo_invalid");
}
