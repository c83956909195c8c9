import fastifyStatic from "@fastify/static";
import { refuse } from "@onegate/contract";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { answerRefusal, type Http } from "./kernel/index.ts";

const POLICY = [
  "default-src 'self'", "img-src 'self' data: blob:", "style-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "object-src 'none'",
  "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
].join("; ");

/** Serves the till: its files, and its first page for every address that is a page of it. */
export async function pageRoutes(http: Http, folder: string): Promise<void> {
  http.addHook("onSend", (_request, reply, _payload, done) => {
    void reply.headers({
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "permissions-policy": "camera=(self), bluetooth=(self), usb=(self), serial=(self), geolocation=(), microphone=()",
    });
    done();
  });
  await http.register(fastifyStatic, { root: folder, serve: false });
  http.get<{ Params: { "*": string } }>("/*", { config: { right: "page.read", service: "pages" }, schema: { hide: true } }, async (request, reply) => {
    const path = request.params["*"];
    if (path.startsWith("api/")) return answerRefusal(request, reply, refuse("not_found"));
    const isFile = path !== "" && !path.includes("..") && existsSync(join(folder, path));
    if (isFile) {
      return path.startsWith("assets/") ? reply.sendFile(path, { maxAge: "365d", immutable: true }) : reply.header("cache-control", "no-cache").sendFile(path, { cacheControl: false });
    }
    if (/\.[a-z0-9]+$/.test(path)) return answerRefusal(request, reply, refuse("not_found"));
    return reply.header("cache-control", "no-cache").sendFile("index.html", { cacheControl: false });
  });
}
