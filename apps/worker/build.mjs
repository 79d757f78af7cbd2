// Bundles the worker into one file each for the process and its git connector: the worker image needs no node_modules.
import { build } from 'esbuild';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What the libs have for the other apps; nothing of it may be left in the worker. */
const notForWorkers = ['@nestjs/*', '@fastify/*', 'fastify', 'rxjs', 'prom-client', 'reflect-metadata', 'bullmq'];

const { metafile } = await build({
  entryPoints: { worker: here('src/main.ts'), 'git-connect': here('src/git-connect.ts') },
  outdir: here('dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  sourcemap: false,
  legalComments: 'none',
  metafile: true,
  external: notForWorkers,
  // CommonJS packages inside an ESM bundle still call require for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});

const outside = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((each) => each.external));
const missing = outside.map((each) => each.path).filter((path) => !isBuiltin(path));
if (missing.length > 0) throw new Error(`The worker needs what its image has not: ${missing.join(', ')}`);
