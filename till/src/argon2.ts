/** Argon2id in a worker of its own: the page stays awake meanwhile, and the memory is given back with the worker. */
export function argon2(pin: string, salt: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./argon2-worker.ts", import.meta.url), { type: "module" });
    const end = (key: Uint8Array<ArrayBuffer> | null) => {
      worker.terminate();
      if (key) resolve(key);
      else reject(new Error("Argon2 can't be had in this browser"));
    };
    worker.addEventListener("error", () => end(null));
    worker.addEventListener("message", ({ data }: MessageEvent<Uint8Array<ArrayBuffer> | null>) => end(data));
    worker.postMessage({ pin, salt }, []);
  });
}
