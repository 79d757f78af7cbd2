import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Files of the page have relative addresses, so that it works behind a proxy's path as well. */
export default defineConfig({
  root: at('.'),
  base: './',
  resolve: { alias: { '@remuda/client': at('../../libs/client/src/index.ts') } },
  build: {
    outDir: at('dist/page'),
    assetsDir: 'console',
    // Nothing inline: the api's content policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: false,
  },
  // `npx vite apps/console`, before an api of `npm start`
  server: { proxy: { '/api': { target: 'http://127.0.0.1:7373', changeOrigin: true, ws: true } } },
});
