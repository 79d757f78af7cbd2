import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sized } from '../proof-size.js';
import { operationsOf, type Operation } from './src/document.js';
import { fillings, heavyJobs, placesIn } from './src/heavy-bodies.js';
import { heldEnvironment, watchLoop, type HeldLoop } from './src/held.js';
import { openStand, type Stand } from './src/stand.js';

/** What docs/api.md promises, in ms. */
const promisedMs = 50;
/** The largest body of any endpoint, less what stands around the filling. */
const largest = 12 * 1024 * 1024 - 64 * 1024;
const room = { bytes: largest, values: 49_000 };
/** Of a body for all other endpoints. */
const smaller = { bytes: 60 * 1024, values: 49_000 };
/** A turn that was long for what else went on in it (a collector's pause, a page that was not there) is not long each time. */
const tries = 4;

let stand: Stand;
let loop: HeldLoop;
let limitMs: number;
beforeAll(async () => {
  const socket = join(tmpdir(), `remuda-held-${String(process.pid)}.sock`);
  stand = await openStand(heldEnvironment(socket));
  loop = await watchLoop(socket);
  // A body is copied by Fastify, decoded, and copied by Redis' client with the write to its socket: each of these is one turn.
  limitMs = Math.max(promisedMs, 3 * (await loop.copy(12 * 1024 * 1024)));
}, 300_000);
afterAll(async () => {
  loop.close();
  await stand.close();
});

const takers = (): readonly Operation[] => operationsOf(stand.document).filter(({ method }) => method === 'POST');
const targetOf = ({ path }: Operation): string =>
  `http://127.0.0.1:${String(stand.port)}${path.replace('{id}', stand.jobs[0] ?? '').replace('{profile}', 'default')}`;

/** Sends a body, again where a turn was long, and gives the longest turn of the try with the shortest one. */
async function heldBy(operation: Operation, body: string, key?: string): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const send = () => fetch(targetOf(operation), { method: 'POST', headers, body }).then((answer) => answer.text());
  let least = Infinity;
  for (let n = 0; n < tries && least > limitMs; n++) least = Math.min(least, await loop.during(send));
  return least;
}

test('every endpoint that takes a body is tried', () => {
  expect(takers().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['POST /api/v1/jobs', 'POST /api/v1/jobs/batch', 'POST /api/v1/dead-letters/redrive']),
  );
  expect(takers().filter(({ body }) => body !== undefined).length).toBeGreaterThanOrEqual(8);
});

test(
  'no body holds the event loop longer than is promised, whatever it is full of and wherever that is',
  { timeout: 900_000 },
  async () => {
    const schemas = stand.document.components?.schemas ?? {};
    const bodies = takers().flatMap((operation) => placesIn(operation, schemas).map((place) => ({ operation, place })));
    // The two that take large bodies have most of the places.
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.constantFrom(...Object.keys(fillings)),
        fc.option(fc.uuid(), { nil: undefined }),
        async ({ operation, place }, kind, key) => {
          const large = operation.path.startsWith('/api/v1/jobs') && !operation.path.includes('{id}');
          const body = place.fill(large ? room : smaller, fillings[kind]!);
          const held = await heldBy(operation, body, key);
          expect(held, `${operation.name}: ${kind} in ${place.name}`).toBeLessThan(limitMs);
        },
      ),
      { numRuns: sized({ small: 100, whole: 300 }), seed: 1, endOnFailure: true },
    );
  },
);

test('nor do the largest jobs that are taken', { timeout: 300_000 }, async () => {
  for (const [name, body] of Object.entries(heavyJobs(room))) {
    const path = body.startsWith('{"jobs"') ? '/api/v1/jobs/batch' : '/api/v1/jobs';
    const operation = takers().find((each) => each.path === path)!;
    for (const key of [undefined, crypto.randomUUID()])
      expect(await heldBy(operation, body, key), `${name}${key === undefined ? '' : ' with a key'}`).toBeLessThan(
        limitMs,
      );
  }
  expect(await stand.faults()).toEqual([]);
});
