import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const core = fileURLToPath(new URL('../../packages/core/src/', import.meta.url));
/** Where the server listens during development; the console itself is served by the server otherwise. */
const server = 'http://127.0.0.1:4600';

export default defineConfig({
  plugins: [react()],
  // Core is read from its source, so that the console never builds against yesterday's words.
  resolve: { alias: [{ find: /^@lockstep\/core\/([a-z]+)$/, replacement: `${core}$1/index.ts` }] },
  server: {
    host: '127.0.0.1',
    port: 4610,
    // The server checks Origin and Host of every state-changing request and upgrade: it is to see its own.
    proxy: {
      '/api': { target: server, changeOrigin: true, headers: { origin: server } },
      '/live': { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
    },
  },
  // One file: everything is served from the same computer or building, and each page needs most of it.
  build: { target: 'es2022', assetsInlineLimit: 0, sourcemap: false, chunkSizeWarningLimit: 1200 },
});
