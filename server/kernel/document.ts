import type { FastifyReply, FastifyRequest } from "fastify";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/**
 * A response that is the same for everybody: made and compressed once, and sent as one buffer that all
 * connections share.
 */
export type Document = {
  send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
};

type Encoding = "br" | "gzip";

/** Quality 5 compresses about as fast as gzip; 11 takes fifty times as long. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
const compressors: Readonly<Record<Encoding, (plain: Buffer) => Promise<Buffer>>> = {
  br: (plain) => promisify(brotliCompress)(plain, BROTLI),
  gzip: (plain) => promisify(gzip)(plain),
};

export function createDocument(text: string, type: string): Document {
  const plain = Buffer.from(text);
  const tag = `W/"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  const compressed = new Map<Encoding, Promise<Buffer>>();
  const compress = (encoding: Encoding) => {
    const known = compressed.get(encoding) ?? compressors[encoding](plain);
    compressed.set(encoding, known);
    return known;
  };
  return {
    async send(request, reply) {
      const encoding = acceptedEncoding(request.headers["accept-encoding"]);
      const vary = reply.getHeader("vary");
      void reply.headers({
        etag: tag,
        vary: vary === undefined ? "accept-encoding" : `${String(vary)}, accept-encoding`,
      });
      if (request.headers["if-none-match"]?.split(",").some((known) => known.trim() === tag))
        return reply.code(304).send();
      void reply.type(type);
      if (encoding === undefined) return reply.send(plain);
      return reply.header("content-encoding", encoding).send(await compress(encoding));
    },
  };
}

/** The best encoding that a client accepts, or `undefined` if it names none of ours. */
export function acceptedEncoding(header: string | string[] | undefined): Encoding | undefined {
  const accepted = new Set(
    String(header ?? "")
      .split(",")
      .map((part) =>
        part
          .trim()
          .toLowerCase()
          .split(/\s*;\s*/),
      )
      .filter(([, ...parameters]) => !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)))
      .map(([name]) => name),
  );
  return (["br", "gzip"] as const).find((encoding) => accepted.has(encoding));
}

/** Callers that come while a document is being made share it; the next caller gets a new one. */
export function createSharedDocument(make: () => Promise<Document>): () => Promise<Document> {
  let making: Promise<Document> | undefined;
  return () =>
    (making ??= make().finally(() => {
      making = undefined;
    }));
}
