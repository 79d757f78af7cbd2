// npm run simulate: the simulation as one file, with its own BullMQ and prom-client in the place of the real ones.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const outfile = at('dist/simulate.mjs');

/** Of the lib `runtime` only what a scheduler itself uses: the rest stands on NestJS, which makes no bundle. */
const partOfRuntime = {
  name: 'part-of-runtime',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^@remuda\/runtime$/ }, () => ({ path: 'runtime', namespace: 'part' }));
    onLoad({ filter: /./, namespace: 'part' }, () => ({
      contents: ['metrics', 'tls/certificate', 'tls/keep-renewed']
        .map((file) => `export * from './${file}.ts';`)
        .join('\n'),
      resolveDir: at('../../libs/runtime/src'),
    }));
  },
};

await build({
  entryPoints: [at('main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  external: ['ioredis', 'pino', 'yaml'],
  plugins: [partOfRuntime],
  alias: {
    '@remuda/redis/testing': at('../../libs/redis/src/testing.ts'),
    ...Object.fromEntries(
      readdirSync(at('../../libs'))
        .filter((lib) => lib !== 'runtime')
        .map((lib) => [`@remuda/${lib}`, at(`../../libs/${lib}/src/index.ts`)]),
    ),
    bullmq: at('parts/bullmq.ts'),
    'prom-client': at('parts/prom-client.ts'),
  },
  tsconfig: at('../../tsconfig.base.json'),
});
// The whole product is warm here, and no part of it hot: code that is inlined less is compiled with less CPU and runs as fast.
setFlagsFromString('--max-inlined-bytecode-size-cumulative=200');
await import(outfile);
