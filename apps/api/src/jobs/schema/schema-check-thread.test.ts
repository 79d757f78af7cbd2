import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SchemaThread } from './schema-check-thread.js';

/** Answers with the schema's own title as a fault; what is called `endless` takes for ever, `broken` ends the thread. */
const program = `
import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ schema, at }) => {
  while (schema.title === 'endless');
  if (schema.title === 'broken') throw new Error('out of its depth');
  parentPort.postMessage([{ path: at, message: schema.title }]);
});
`;

let folder: string;
let url: URL;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-'));
  await writeFile(join(folder, 'thread.mjs'), program);
  url = pathToFileURL(join(folder, 'thread.mjs'));
});
afterAll(() => rm(folder, { recursive: true }));

const tooLong = [{ path: 'outputSchema', message: 'cannot be used: checking it timed out' }];
const said = (title: string) => [{ path: 'outputSchema', message: title }];

test('a schema that takes too long is refused, and the one behind it is looked over', async () => {
  // a thread takes its time to start on a busy machine, and that counts
  const thread = new SchemaThread(url, 4_000);
  const answers = await Promise.all(['endless', 'next'].map((title) => thread.check({ title }, 'outputSchema')));
  expect(answers).toEqual([tooLong, said('next')]);
});

test('one that ends the thread is refused, and the others are answered in the order in which they came', async () => {
  const thread = new SchemaThread(url, 60_000);
  const titles = ['a', 'b', 'broken', 'c'];
  const answers = await Promise.all(titles.map((title) => thread.check({ title }, 'outputSchema')));
  expect(answers).toEqual([said('a'), said('b'), tooLong, said('c')]);
});
