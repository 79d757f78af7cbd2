import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RedisWorkerListeners, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { startScriptedModel, script } from '@remuda/scripted-model';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bridge } from '../../../apps/bridge/src/bridge.js';
import { startRedis } from '../redis.js';
import { ask, openAsk, openFor, prompt, secret, socketsOf, type WorkerSockets } from './running-bridge.js';

const main = fileURLToPath(new URL('../../../apps/bridge/dist/main.js', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rb-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Program {
  readonly addresses: Bridge['addresses'] & WorkerSockets;
}

/** The bridge as a program. */
function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      REMUDA_SOCKET_DIR: join(folder, 's'),
      REMUDA_MIRROR_DIR: join(folder, 'm'),
      REMUDA_BLOBS_URL: pathToFileURL(join(folder, 'blobs')).href,
      REMUDA_BRIDGE_ADMIN_PORT: '0',
      REMUDA_GIT_HOSTS: '127.0.0.1',
      REMUDA_LOG_LEVEL: 'debug',
      ...env,
    },
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ready = new Promise<Program>((resolve) => {
    createInterface(child.stdout).on('line', (text) => {
      output += `${text}\n`;
      const line = JSON.parse(text) as Bridge['addresses'] & { msg: string };
      if (line.msg === 'ready') resolve({ addresses: { ...line, ...socketsOf(line.socketDir) } });
    });
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    ready,
    ended,
    output: () => output,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('does not start without a credential, and says which variables it looked for', async () => {
  for (const env of [{}, { REMUDA_MODEL_CREDENTIAL: 'none' }, { REMUDA_MODEL_URL: 'http://127.0.0.1:1' }]) {
    await using bridge = start(env);
    expect(await bridge.ended).toBe(78);
    expect(bridge.output()).toContain('credential.missing');
    expect(bridge.output()).toContain('ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN');
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('tells all faults of its environment at once, and no secret in them', async () => {
  await using bridge = start({
    REMUDA_MODEL_URL: 'ftp://model',
    REMUDA_REDIS_URL: 'http://user:hush-hush@redis',
    REMUDA_BRIDGE_PORT: '70000',
    REMUDA_GIT_TIMEOUT_MS: 'soon',
  });
  expect(await bridge.ended).toBe(78);
  const names = [
    'REMUDA_MODEL_URL',
    'REMUDA_REDIS_URL',
    'REMUDA_BRIDGE_PORT',
    'REMUDA_GIT_TIMEOUT_MS',
    'ANTHROPIC_API_KEY',
  ];
  for (const name of names) expect(bridge.output()).toContain(name);
  expect(bridge.output()).not.toContain('hush-hush');
});

test('makes the sockets of a dead bridge anew in the same folders, and lets those of a live one be', async () => {
  await using redis = await startRedis();
  const env = { ANTHROPIC_API_KEY: secret, REMUDA_REDIS_URL: redis.url };
  await using first = start(env);
  const { addresses } = await first.ready;
  await open(redis.url, addresses.socketDir);
  // What a container has mounted is this folder, not a path.
  const mounted = statSync(dirname(addresses.model)).ino;
  await using second = start(env);
  expect(await second.ended).toBe(78);
  expect(second.output()).toContain('Another bridge listens on');
  first.kill('SIGKILL');
  await first.ended;
  expect(existsSync(addresses.model)).toBe(true);
  await using third = start(env);
  const again = await third.ready;
  const probe = () => ask(again, { method: 'HEAD', path: '/' }).then(({ status }) => status, String);
  await expect.poll(probe, { timeout: 10_000 }).toBe(200);
  expect(statSync(dirname(addresses.model)).ino).toBe(mounted);
});

test('on SIGTERM takes nothing new, lets a running answer come to its end, removes its sockets and ends with 0', async () => {
  await using redis = await startRedis();
  await using model = await startScriptedModel();
  await using program = start({
    REMUDA_REDIS_URL: redis.url,
    REMUDA_MODEL_URL: model.url,
    REMUDA_MODEL_CREDENTIAL: 'none',
  });
  const bridge = await program.ready;
  await open(redis.url, bridge.addresses.socketDir);
  await grant(redis.url, 'live-token');
  const body = prompt(script({ text: 'one two three', stallMs: 700 }));
  const answer = await openAsk(bridge, { token: 'live-token', body });
  await once(answer, 'readable');
  program.kill('SIGTERM');
  await expect.poll(() => existsSync(bridge.addresses.model)).toBe(false);
  const late = connect(bridge.addresses.model);
  const [refused] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  expect(refused.code).toBe('ENOENT');
  expect((await answer.toArray()).map(String).join('')).toContain('message_stop');
  expect(await program.ended).toBe(0);
  const left = readdirSync(join(folder, 's'), { recursive: true }).map(String);
  expect(left.filter((name) => name.endsWith('.sock'))).toEqual([]);
});

test('the credential goes to the model and is in no output, figure, key, answer or environment of a child', async () => {
  await using redis = await startRedis();
  await using model = await startScriptedModel({ requireKey: 'another key, so that the model refuses ours' });
  await using program = start({
    REMUDA_REDIS_URL: redis.url,
    REMUDA_MODEL_URL: model.url,
    ANTHROPIC_API_KEY: secret,
    CLAUDE_CODE_OAUTH_TOKEN: `${secret}-oauth`,
    GIT_SSH_COMMAND: `env > ${join(folder, 'git-env')}; false`,
  });
  const bridge = await program.ready;
  await open(redis.url, bridge.addresses.socketDir);
  await grant(redis.url, 'live-token', { git: JSON.stringify({ url: 'ssh://127.0.0.1:1/x' }) });
  const answers = [
    await ask(bridge, { token: 'live-token', body: prompt('hi') }),
    await ask(bridge, { token: 'other', body: prompt('hi') }),
    await ask(bridge, { token: 'live-token', path: '/v1/files' }),
  ];
  await model.close();
  answers.push(await ask(bridge, { token: 'live-token', body: prompt('hi') }));
  expect(model.requests[0]?.key).toBe(secret);
  const git = connect(bridge.addresses.git);
  git.write('{"token":"live-token"}\n');
  const refusal = (await git.toArray()).join('');
  expect(refusal).toContain('ERR remuda');
  const figures = await (await fetch(`${bridge.addresses.adminUrl}/metrics`)).text();
  const client = connectRaw(redis.url, { name: 'test' });
  const keys = await client.keys('*');
  const values = await Promise.all(keys.map((key) => client.hgetall(key).catch(String)));
  client.disconnect();
  program.kill('SIGTERM');
  await program.ended;
  const gitEnv = readFileSync(join(folder, 'git-env'), 'utf8');
  expect(gitEnv).toContain('GIT_TERMINAL_PROMPT=0');
  const all = [program.output(), gitEnv, figures, refusal, JSON.stringify([answers, keys, values])].join('\n');
  expect(all).toContain('remuda_bridge_model_requests_total');
  expect(all).not.toContain(secret);
});

/** Has workers registered, and their sockets made. */
async function open(redisUrl: string, socketDir: string): Promise<void> {
  const client = connectRaw(redisUrl, { name: 'test' });
  await openFor(new RedisWorkerListeners(client, redisKeys('remuda')), client, socketDir);
  client.disconnect();
}

async function grant(redisUrl: string, token: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const client = connectRaw(redisUrl, { name: 'test' });
  const hash = createHash('sha256').update(token).digest('hex');
  await client.hset(redisKeys('remuda').bridgeToken(hash), { job: 'job-1', worker: 'w-1', lease: '1', ...more });
  client.disconnect();
}
