/** Argon2id in its own worker: the page stays responsive, and the memory is freed when the worker ends. */
export function argon2(pin: string, salt: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./argon2-worker.ts", import.meta.url), { type: "module" });
    const end = (key: Uint8Array<ArrayBuffer> | null) => {
      worker.terminate();
      if (key) resolve(key);
      else reject(new Error("Argon2 is not available in this browser"));
    };
    worker.addEventListener("error", () => end(null));
    worker.addEventListener("message", ({ data }: MessageEvent<Uint8Array<ArrayBuffer> | null>) => end(data));
    worker.postMessage({ pin, salt }, []);
  });
}
