import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "/",
  plugins: [react()],
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
