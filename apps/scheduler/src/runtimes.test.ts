import { describe, expect, test } from 'vitest';
import { readSettings } from '@remuda/domain';
import { createLogger } from '@remuda/runtime';
import { makeRuntime } from './runtimes.js';
import { schedulerSettings } from './settings.js';

const log = createLogger({ name: 'test', level: 'silent' });
const made = (env: Readonly<Record<string, string>>) => makeRuntime(readSettings(schedulerSettings, env), [], {}, log);

describe('the runtime that REMUDA_RUNTIME names', () => {
  test.each(['docker', 'process', 'kubernetes'])('%s is made, and says that it is that', async (name) => {
    const runtime = made({ REMUDA_RUNTIME: name, REMUDA_CLAUDE: '/claude' });
    expect(runtime.kind).toBe(name);
    await runtime.close();
  });

  test('is Docker where nothing is named, whose workers reach Redis by the bridge', async () => {
    const runtime = made({});
    expect(runtime).toMatchObject({ kind: 'docker', isolated: true, reachesRedis: 'by-bridge' });
    await runtime.close();
  });

  test('is refused where there is none of that name', () => {
    expect(() => made({ REMUDA_RUNTIME: 'vm' })).toThrow(
      'REMUDA_RUNTIME: expected one of docker, process, kubernetes, got "vm"',
    );
  });

  test('is refused where it does not isolate, and others reach the api', () => {
    const open = { REMUDA_RUNTIME: 'process', REMUDA_CLAUDE: '/claude', REMUDA_API_HOST: '0.0.0.0' };
    expect(() => made(open)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
    expect(made({ ...open, REMUDA_ALLOW_UNISOLATED: '1' }).isolated).toBe(false);
  });
});
