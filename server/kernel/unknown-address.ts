import { refusals, refuse } from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { answerRefusal, type RegisteredRoute } from "./http.ts";

/**
 * Answers a request without a route: 405 with the methods that its path has, or 404, which a browser gets as
 * a page in its language.
 */
export function answerUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const methods = methodsAt(request.server.registered, pathOf(request.url));
  if (methods.length > 0 && !methods.includes(request.method)) {
    void reply.header("allow", methods.join(", "));
    return answerRefusal(request, reply, refuse("method_not_allowed"));
  }
  void reply.header("vary", [reply.getHeader("vary"), "accept, accept-language"].filter(Boolean).join(", "));
  if (!prefersPage(request.headers.accept)) return answerRefusal(request, reply, refuse("not_found"));
  const language = languageOf(request.headers["accept-language"]);
  return reply
    .code(refusals.not_found[0])
    .type("text/html; charset=utf-8")
    .header("content-language", language)
    .send(PAGES[language]);
}

function pathOf(url: string): string {
  return url.split(/[?#;]/, 1)[0] ?? url;
}

/** The methods of the routes at a path, without the wildcard route that serves files. */
function methodsAt(routes: readonly RegisteredRoute[], path: string): string[] {
  const methods = new Set<string>();
  for (const { method, url } of routes) {
    if (url.includes("*") || !expressionOf(url).test(path)) continue;
    methods.add(method);
    if (method === "GET") methods.add("HEAD");
  }
  return [...methods];
}

const expressions = new Map<string, RegExp>();

/** A route's path as a regular expression: `:id` matches a segment, `::` a colon. */
function expressionOf(url: string): RegExp {
  const known = expressions.get(url);
  if (known) return known;
  const made = new RegExp(
    `^${url
      .split(/(::|:[A-Za-z_]+)/)
      .map(partOf)
      .join("")}$`,
  );
  expressions.set(url, made);
  return made;
}

function partOf(part: string): string {
  if (part === "::") return ":";
  return part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

type Language = "id" | "en";

/** Whether a client names HTML before JSON, as browsers do. */
function prefersPage(accept = ""): boolean {
  const named = byQuality(accept);
  const json = named.findIndex((type) => type.endsWith("json"));
  const html = named.indexOf("text/html");
  return html >= 0 && (json < 0 || html < json);
}

function languageOf(acceptLanguage = ""): Language {
  const named = byQuality(acceptLanguage).map((tag) => tag.split("-")[0]);
  return named.find((tag): tag is Language => tag === "id" || tag === "en") ?? "id";
}

/** The values in a header such as Accept, the most preferred first. */
function byQuality(header: string): string[] {
  const named = header.split(",").map((part) => {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    return { name, quality };
  });
  return named
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ name }) => name);
}

const [, , SENTENCE_ID, SENTENCE_EN] = refusals.not_found;
const PAGES: Readonly<Record<Language, string>> = {
  id: pageOf("id", SENTENCE_ID, "Ke kasir"),
  en: pageOf("en", SENTENCE_EN, "To the till"),
};

function pageOf(language: Language, sentence: string, link: string): string {
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>404 · Onegate</title>
<h1>404</h1>
<p>${sentence}</p>
<p><a href="/">${link}</a></p>
</html>
`;
}
