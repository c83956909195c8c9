import react from "@vitejs/plugin-react";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const DIST = fileURLToPath(new URL("dist", import.meta.url));
/** Below this a compressed file saves no packet. */
const MIN_COMPRESSED_BYTES = 1_024;

/** Writes each text beside itself in compressed form, which the server then sends as it lies. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    closeBundle() {
      for (const name of globSync("**/*.{js,css,html,svg,json,webmanifest,wasm}", { cwd: DIST })) {
        const file = join(DIST, name);
        if (statSync(file).size < MIN_COMPRESSED_BYTES) continue;
        const plain = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(plain));
        writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "/",
  plugins: [react(), precompress()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The contract's schemas are built when their file is read; the till only needs their types.
    rollupOptions: { treeshake: { moduleSideEffects: (id) => !/\/(contract|typebox)\//.test(id) } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
