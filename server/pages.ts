import fastifyStatic from "@fastify/static";
import { statSync } from "node:fs";
import { join } from "node:path";
import { answerUnknown, PAGE_HEADERS, type Http } from "./kernel/index.ts";

/** Serves the till's files and its one page, which routes by the URL's fragment. */
export async function pageRoutes(http: Http, folder: string): Promise<void> {
  await http.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
  http.get<{ Params: { "*": string } }>(
    "/*",
    { config: { right: "page.read", service: "pages" }, schema: { hide: true } },
    async (request, reply) => {
      const path = request.params["*"];
      const file = path === "" ? "index.html" : path;
      if (file.includes("..") || statSync(join(folder, file), { throwIfNoEntry: false })?.isFile() !== true)
        return answerUnknown(request, reply);
      void reply.headers(PAGE_HEADERS);
      if (file.startsWith("assets/")) return reply.sendFile(file, { maxAge: "365d", immutable: true });
      return reply.header("cache-control", "no-cache").sendFile(file, { cacheControl: false });
    },
  );
}
