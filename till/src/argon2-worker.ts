import { argon2id } from "hash-wasm";

/** 96 MiB, three rounds, one lane: 0.4 s on a desk, two or three seconds on a small tablet, whose memory holds no more. */
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
