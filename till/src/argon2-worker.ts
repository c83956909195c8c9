import { argon2id } from "hash-wasm";

/** 64 MiB, three rounds, one lane: a third of a second on a desk, a second or two on a small tablet. */
addEventListener("message", ({ data }: MessageEvent<{ pin: string; salt: Uint8Array }>) => {
  void argon2id({ password: data.pin, salt: data.salt, memorySize: 65_536, iterations: 3, parallelism: 1, hashLength: 32, outputType: "binary" }).then(
    (key) => postMessage(key, { transfer: [key.buffer] }),
    () => postMessage(null, {}),
  );
});
