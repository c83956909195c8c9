/** Text that is already HTML. */
export type Html = { readonly html: string };

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

type Part = string | number | Html | null | readonly Html[];

/** Tagged template: every value is escaped unless it is `Html`; null is nothing. */
export function html(pieces: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: pieces.map((piece, index) => piece + written(values[index] ?? null)).join("") };
}

function written(value: Part): string {
  if (value === null) return "";
  if (typeof value === "object")
    return "html" in value ? value.html : value.map((part) => part.html).join("");
  return escape(String(value));
}
