import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * Security headers of every response. A response of the API is data: browsers may not load anything for it,
 * frame it or guess its type, and no cache may keep it unless its route says otherwise.
 */
const ALWAYS = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/**
 * What a page may load beyond that: its own files, images that it makes, and WebAssembly for Argon2; nothing
 * inline.
 */
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

/** One year, which browsers remember: sent only if the public URL is https. */
const HSTS = { "strict-transport-security": "max-age=31536000" } as const;

export type HeaderSettings = { readonly publicUrl: string; readonly corsOrigins: readonly string[] };

/** The headers of every response, also of the one to a request that is not valid HTTP. */
export function everyHeader({ publicUrl }: HeaderSettings): Readonly<Record<string, string>> {
  return { ...ALWAYS, ...(publicUrl.startsWith("https:") ? HSTS : {}) };
}

/**
 * Sets these headers on a response, and answers the preflight requests of allowed origins; `true` when it was
 * answered.
 */
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
    // cookies are not allowed: callers authenticate with a bearer token
    void reply.headers({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "x-request-id, retry-after, idempotent-replayed",
    });
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined)
      return false;
    void reply.headers({
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers":
        "authorization, content-type, idempotency-key, last-event-id, " +
        "onegate-approval, onegate-device, x-request-id",
      "access-control-max-age": "600",
    });
    void reply.code(204).send();
    return true;
  };
}
