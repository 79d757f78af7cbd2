import { RemudaError } from '@remuda/domain';
import { expect, test } from 'vitest';
import { Images } from './images.js';

const silent = { error: () => undefined, info: () => undefined };
const profiles = [
  { name: 'default', image: 'here' },
  { name: 'big', image: 'gone' },
  { name: 'bigger', image: 'gone' },
];

function scene(there: Set<string>) {
  const suspended: [string, string][] = [];
  const asked: string[] = [];
  const prepare = (images: readonly string[]): Promise<void> => {
    asked.push(...images);
    const missing = images.find((image) => !there.has(image));
    return missing === undefined
      ? Promise.resolve()
      : Promise.reject(new RemudaError('container.start_failed', `no image ${missing}`));
  };
  const suspend = (profile: string, reason: string): Promise<void> => {
    suspended.push([profile, reason]);
    return Promise.resolve();
  };
  return { images: new Images({ runtime: { prepare }, profiles, suspend, log: silent }), suspended, asked };
}

test('an image that is missing suspends its profiles, and no other', async () => {
  const { images, suspended, asked } = scene(new Set(['here']));
  await images.provide();
  expect(suspended).toEqual([
    ['big', 'no image gone'],
    ['bigger', 'no image gone'],
  ]);
  expect(asked.sort()).toEqual(['gone', 'here']);
});

test('it is looked for again until it is there, and told of once', async () => {
  const there = new Set(['here']);
  const { images, suspended, asked } = scene(there);
  await images.provide();
  await images.look();
  there.add('gone');
  await images.look();
  await images.look();
  expect(asked.filter((image) => image === 'gone')).toHaveLength(3);
  expect(suspended).toHaveLength(2);
});

test('a runtime that does not answer is no matter of one image', async () => {
  const refusal = new RemudaError('container.start_failed', 'No Docker engine answers');
  const runtime = { prepare: () => Promise.reject(refusal) };
  const images = new Images({ runtime, profiles, suspend: () => Promise.resolve(), log: silent });
  await expect(images.provide()).rejects.toBe(refusal);
});
