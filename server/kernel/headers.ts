import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * What every answer says to browsers. One of the API is data: nothing may be loaded for it, framed or guessed from it, and
 * no cache may keep it, unless its route knows better.
 */
const ALWAYS = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** What a page is allowed beyond that: its own files, pictures that it makes, and WebAssembly for Argon2; nothing inline. */
export const PAGE_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy":
    "camera=(self), bluetooth=(self), usb=(self), serial=(self), geolocation=(), microphone=(), payment=()",
} as const;

/** A year, which browsers remember: only where the outside address is https. */
const HSTS = { "strict-transport-security": "max-age=31536000" } as const;

export type HeaderSettings = { readonly publicUrl: string; readonly corsOrigins: readonly string[] };

/** The headers that every answer carries, also the one to a request that is no HTTP. */
export function everyHeader({ publicUrl }: HeaderSettings): Readonly<Record<string, string>> {
  return { ...ALWAYS, ...(publicUrl.startsWith("https:") ? HSTS : {}) };
}

/** Sets these headers on a request's answer, and answers a preflight of an origin that may ask; `true` when it was answered. */
export function createHeaders(
  settings: HeaderSettings,
): (request: FastifyRequest, reply: FastifyReply) => boolean {
  const headers = everyHeader(settings);
  const origins = new Set(settings.corsOrigins);
  return (request, reply) => {
    void reply.headers(headers);
    if (origins.size === 0) return false;
    void reply.header("vary", "origin");
    const { origin } = request.headers;
    if (origin === undefined || !origins.has(origin)) return false;
    // no credentials of the browser's own: who asks brings a bearer token
    void reply.headers({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "x-request-id, retry-after, idempotent-replayed",
    });
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined)
      return false;
    void reply.headers({
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers":
        "authorization, content-type, idempotency-key, last-event-id, onegate-approval, onegate-device, x-request-id",
      "access-control-max-age": "600",
    });
    void reply.code(204).send();
    return true;
  };
}
