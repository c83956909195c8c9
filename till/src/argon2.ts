/** Argon2id in a worker of its own: the page stays awake meanwhile, and the memory is given back with the worker. */
export function argon2(pin: string, salt: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./argon2-worker.ts", import.meta.url), { type: "module" });
    const done = (finish: () => void) => {
      worker.terminate();
      finish();
    };
    worker.onerror = () => done(() => reject(new Error("Argon2 can't be had in this browser")));
    worker.onmessage = ({ data }: MessageEvent<{ key: Uint8Array<ArrayBuffer> | null }>) =>
      done(() => (data.key ? resolve(data.key) : reject(new Error("Argon2 can't be had in this browser"))));
    worker.postMessage({ pin, salt });
  });
}
