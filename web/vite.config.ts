import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const page = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Every page is an entry of its own. What is built is served by the Worker beside its API, from one origin.
export default defineConfig({
  root: page("."),
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // The browsers that can carry a call understand module preloading.
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { call: page("index.html") } },
  },
  // The package finds its .wasm beside its own module; bundling it for development would part the two.
  optimizeDeps: { exclude: ["samewire"] },
  server: {
    proxy: {
      "/demo": "http://127.0.0.1:8787",
      "/v1": { target: "http://127.0.0.1:8787", ws: true },
    },
  },
});
