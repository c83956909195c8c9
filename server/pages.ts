import fastifyStatic from "@fastify/static";
import { refuse } from "@onegate/contract";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { answerRefusal, PAGE_HEADERS, type Http } from "./kernel/index.ts";

/** Serves the till: its files, and its first page for every address that is a page of it. */
export async function pageRoutes(http: Http, folder: string): Promise<void> {
  await http.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
  http.get<{ Params: { "*": string } }>("/*", { config: { right: "page.read", service: "pages" }, schema: { hide: true } }, async (request, reply) => {
    const path = request.params["*"];
    if (path.startsWith("api/")) return answerRefusal(request, reply, refuse("not_found"));
    void reply.headers(PAGE_HEADERS);
    const isFile = path !== "" && !path.includes("..") && existsSync(join(folder, path));
    if (isFile) {
      return path.startsWith("assets/") ? reply.sendFile(path, { maxAge: "365d", immutable: true }) : reply.header("cache-control", "no-cache").sendFile(path, { cacheControl: false });
    }
    if (/\.[a-z0-9]+$/.test(path)) return answerRefusal(request, reply, refuse("not_found"));
    return reply.header("cache-control", "no-cache").sendFile("index.html", { cacheControl: false });
  });
}
