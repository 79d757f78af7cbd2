import { RemudaError } from '@remuda/domain';
import { ManualClock } from '@remuda/testing';
import { expect, test } from 'vitest';
import { Images } from './images.js';

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined };
const clock = new ManualClock();
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
  const replaced = new Map<string, string>();
  const releaseOf = (image: string): Promise<string> =>
    there.has(image)
      ? Promise.resolve(replaced.get(image) ?? 'first')
      : Promise.reject(new RemudaError('container.start_failed', `no image ${image}`));
  const images = new Images({ runtime: { prepare, releaseOf }, profiles, suspend, clock, log: silent });
  return { images, suspended, asked, replaced };
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
  const runtime = { prepare: () => Promise.reject(refusal), releaseOf: () => Promise.reject(refusal) };
  const images = new Images({ runtime, profiles, suspend: () => Promise.resolve(), clock, log: silent });
  await expect(images.provide()).rejects.toBe(refusal);
});

test('an image that is replaced under its name has another release, which is known when it is looked at again', async () => {
  const { images, replaced } = scene(new Set(['here']));
  await images.provide();
  expect(images.releaseOf('here')).toBe('first');
  replaced.set('here', 'second');
  await images.follow();
  expect(images.releaseOf('here')).toBe('second');
});

test('an image that is away for a moment keeps the release that it had', async () => {
  const there = new Set(['here']);
  const { images, replaced } = scene(there);
  await images.provide();
  there.delete('here');
  expect(await images.lookAt('here')).toBe('first');
  replaced.set('here', 'second');
  there.add('here');
  expect(await images.lookAt('here')).toBe('second');
  expect(await images.lookAt('gone')).toBeUndefined();
});

test('a runtime that does not answer yet is waited for, and one that cannot be used is not', async () => {
  const faults = ['runtime.unavailable', 'runtime.unavailable', undefined, 'container.start_failed'] as const;
  let asked = 0;
  const runtime = {
    prepare: () => {
      const code = faults[asked++];
      return code === undefined ? Promise.resolve() : Promise.reject(new RemudaError(code, 'no'));
    },
    releaseOf: () => Promise.resolve('first'),
  };
  const images = new Images({ runtime, profiles: [], suspend: () => Promise.resolve(), clock, log: silent });
  const provided = images.provide();
  for (const pauseMs of [500, 1_000]) {
    while (clock.sleeping === 0) await Promise.resolve();
    await clock.advance(pauseMs);
  }
  await provided;
  expect(asked).toBe(3);
  await expect(images.provide()).rejects.toMatchObject({ code: 'container.start_failed' });
});
