import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
/** Among the packages, so that what is generated finds them. */
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
  folder = await mkdtemp(join(import.meta.dirname, '../../../node_modules/.generated-client-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await api.close();
  await redis.close();
});

const strict: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  skipLibCheck: true,
  types: [],
};

test(
  'a client that is generated from the document compiles under strict, and works',
  { timeout: 120_000 },
  async () => {
    const document = (await api.send('GET', '/api/docs-json')).text;
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    await writeFile(join(folder, 'schema.ts'), astToString(await openapiTS(document)));
    await copyFile(join(import.meta.dirname, 'fixture/client.ts.txt'), join(folder, 'client.ts'));
    expect(compile(join(folder, 'client.ts'))).toEqual([]);
    const { run } = (await import(pathToFileURL(join(folder, 'client.js')).href)) as {
      run: (url: string) => Promise<readonly string[]>;
    };
    expect(await run(api.url)).toEqual([
      'priority 5',
      'queued for default',
      'over: cancelled, Changed my mind.',
      'structured undefined',
      'ready',
    ]);
  },
);

/** Compiles a file and what it imports beside it; gives the faults. */
function compile(file: string): readonly string[] {
  const program = ts.createProgram([file], strict);
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}
