import { argon2id } from "hash-wasm";

/**
 * 96 MiB, three iterations, parallelism 1: 0.4 s on a desktop, two or three seconds on a small tablet, whose
 * memory allows no more.
 */
addEventListener("message", ({ data }: MessageEvent<{ pin: string; salt: Uint8Array }>) => {
  void argon2id({
    password: data.pin,
    salt: data.salt,
    memorySize: 98_304,
    iterations: 3,
    parallelism: 1,
    hashLength: 32,
    outputType: "binary",
  }).then(
    (key) => postMessage(key, { transfer: [key.buffer] }),
    () => postMessage(null, {}),
  );
});
