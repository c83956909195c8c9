import { escape, type Html } from "./html.ts";

/** Headers of every answer. Pages may load and post only to this server. */
export const HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // without a referrer, a form of these pages would have a null origin, like one of another site
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
} as const;

const HEADER =
  '<header><a href="/"><img src="/icon.svg" alt="" width="28" height="28"> Onegate</a>' +
  "<strong>SIMULATOR</strong></header>";

/** A whole page around its `main`; the script keeps `main` up to date. */
export function page(title: string, main: Html): string {
  return `<!DOCTYPE html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>${escape(title)}</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/clothes.css">
<script src="/live.js" defer></script>
</head>
<body>
${HEADER}
<main>${main.html}</main>
<footer>Uang di halaman ini bukan uang sungguhan.</footer>
</body>
</html>`;
}

/** Replaces `main` when the server's version differs, unless a field in it has the focus. */
export const LIVE_SCRIPT = `const every = 1500;
async function refresh() {
  if (document.hidden || document.activeElement?.matches("input, select")) return;
  const answer = await fetch(location.href).catch(() => undefined);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const shown = document.querySelector("main");
  if (fresh && shown && fresh.innerHTML !== shown.innerHTML) shown.innerHTML = fresh.innerHTML;
}
setInterval(refresh, every);
`;

/** The logo: a gate of two stepped halves. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
  '<rect width="32" height="32" rx="7" fill="#23305e"/>' +
  '<path d="M14 5v22H4v-4h2v-4h2v-5h2V9h2V5zM18 5v22h10v-4h-2v-4h-2v-5h-2V9h-2V5z" fill="#f2b632"/></svg>\n';
