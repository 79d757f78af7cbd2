import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { vendorTypesOf } from './vendor-types.js';

const vendors = ['ioredis', 'bullmq', 'dockerode'];
const root = join(import.meta.dirname, '../..');
const entryOf = (lib: string): string => join(root, 'libs', lib, 'src/index.ts');

test('no type of ioredis is part of what libs/redis exports, and of BullMQ only what the board and NestJS open queues by', () => {
  const ofBull = ['Queues.jobs', 'Queues.worker', 'bullOptions'];
  expect(vendorTypesOf(entryOf('redis'), vendors)).toEqual(ofBull.map((name) => `${name}: bullmq`));
});

test("no type of Docker's client is part of what libs/containers exports", () => {
  expect(vendorTypesOf(entryOf('containers'), vendors)).toEqual([]);
});

/** An export for each way in which a type crosses, and those in which it does not. */
const source = `
import type { Redis } from 'ioredis';
declare const g: () => Promise<Redis | undefined>;
export function parameter(client: Redis): void { void client; }
export const result = (): Promise<Redis | undefined> => g();
export class Field { redis?: Redis }
export type Name = Redis;
export interface Callback { on(listen: (redis: Redis) => void): void }
export class Hidden { readonly #a?: Redis; private readonly b?: Redis; protected c?: Redis; }
export type None = Hidden | { readonly of: readonly string[] };
`;

test('it would be seen wherever others see it, and not where a class keeps it to itself', async () => {
  const folder = await mkdtemp(join(root, 'test/contract/.vendor-'));
  try {
    await writeFile(join(folder, 'source.ts'), source);
    const places = ['parameter(client)', 'result', 'Field.redis', 'Name', 'Callback.on(listen)(redis)'];
    expect(vendorTypesOf(join(folder, 'source.ts'), vendors)).toEqual(places.map((place) => `${place}: ioredis`));
  } finally {
    await rm(folder, { recursive: true });
  }
});
