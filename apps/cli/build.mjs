// Bundles the command: looking for its many modules takes longer than running them. What is loaded later stays apart.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// Not beside the parts of an earlier one, whose names say what is in them.
await rm(here('dist/bundle'), { recursive: true, force: true });
await build({
  entryPoints: [here('src/main.ts')],
  outdir: here('dist/bundle'),
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  sourcemap: false,
  legalComments: 'none',
  // CommonJS packages inside an ESM bundle still call require for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});
