import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { Database, type Onlooker } from '../../simulation/redis/database.js';
import { redisCommands } from '../../simulation/redis/redis-commands.js';
import { commands, everything, notCompared, type Sent } from './commands.js';
import { scripts } from './scripts.js';

/** So many runs of each kind with all other tests; as many as one likes by `npm run simulate:redis`. */
const numRuns = Number(process.env['REMUDA_REDIS_RUNS'] ?? 200);
const seed = Number(process.env['REMUDA_REDIS_SEED'] ?? Date.now() % 2 ** 31);
const long = 60_000 + 60 * numRuns;

let server: TestRedis;
let real: RawConnection;
beforeAll(async () => {
  server = await startRedis();
  real = connectRaw(server.url, { name: 'test' });
  process.stdout.write(`simulated Redis: ${String(numRuns)} runs of seed ${String(seed)}\n`);
});
afterAll(async () => {
  real.disconnect();
  await server.close();
});

test('each command that the simulation has is compared, or said why not', () => {
  const told = [...Object.keys(commands), ...Object.keys(notCompared), 'eval'];
  expect(told.sort()).toEqual(Object.keys(redisCommands).sort());
});

test('commands have the answers of a real server', { timeout: long }, async () => {
  await compare(fc.oneof(...Object.values(commands)), 40);
});

test('scripts have the answers of a real server, and leave the same behind', { timeout: long }, async () => {
  await compare(fc.oneof({ arbitrary: scripts, weight: 2 }, fc.oneof(...Object.values(commands))), 8);
});

/** Sends rows of commands to both, and asks both for all that is there afterwards. */
async function compare(one: fc.Arbitrary<Sent>, most: number): Promise<void> {
  const rows = fc.array(one, { minLength: 1, maxLength: most });
  const same = fc.asyncProperty(rows, async (sent) => {
    const all = [...sent, ...everything];
    const theirs = await answersOf(all);
    const simulated = simulation();
    for (const [i, command] of all.entries())
      expect({ command, answer: plain(command[0], simulated(command)) }).toEqual({ command, answer: theirs[i] });
  });
  await fc.assert(same, { numRuns, seed });
}

/** What the real server answers, which has nothing in it. */
async function answersOf(all: readonly Sent[]): Promise<readonly unknown[]> {
  const line = real.pipeline().flushall();
  for (const [name, ...args] of all) line.call(name, ...args);
  const [, ...answers] = (await line.exec()) ?? [];
  return answers.map(([error, answer], i) => plain(all[i]![0], error ? refusal(error) : answer));
}

/** The simulation's own, which has nothing in it either. */
function simulation(): (sent: Sent) => unknown {
  const nobody: Onlooker = {
    onHash: () => undefined,
    onEntry: () => undefined,
    onText: () => undefined,
    onUnknown: () => undefined,
    onClaim: () => undefined,
  };
  const now = Date.now();
  const db = new Database(() => now, nobody, new Map(Object.entries(redisCommands)));
  return ([name, ...args]) => {
    try {
      return db.run(name, args);
    } catch (error) {
      return refusal(error as Error);
    }
  };
}

const refusal = ({ message }: Error): unknown => ({ refused: message.split(' ', 1)[0] });

/** An answer as it is compared: what has no order has none here, and a hash is read as ioredis reads it. */
function plain(name: string, answer: unknown): unknown {
  if (name === 'smembers' || name === 'hkeys') return [...(answer as string[])].sort();
  if (name !== 'hgetall' || !Array.isArray(answer)) return answer;
  const flat = answer as string[];
  return Object.fromEntries(flat.flatMap((_, i) => (i % 2 === 0 ? [[flat[i], flat[i + 1]]] : [])));
}
