import { homedir, tmpdir } from 'node:os';
import { usualDemand, type Setting } from '@remuda/domain';
import { describe, expect, test } from 'vitest';
import { apiSettings } from '../../../apps/api/src/settings.js';
import { bridgeSettings } from '../../../apps/bridge/src/settings.js';
import { hostBridgeSettings } from '../../../apps/host-bridge/src/settings.js';
import { localSettings } from '../../../apps/local/src/settings.js';
import { defaultProfile } from '../../../apps/scheduler/src/profiles/profiles.js';
import { schedulerSettings } from '../../../apps/scheduler/src/settings.js';
import { channelSettings } from '../../../apps/worker/src/channel/settings.js';
import { workerSettings } from '../../../apps/worker/src/settings.js';
import { readDocument, sections, tableRows } from './document.js';

const chapters = sections(readDocument('docs/configuration.md'), 2);

/** Defaults that are computed from the machine. */
const computed: Readonly<Record<string, string>> = { REMUDA_MAX_WORKERS: 'two per core, at least 4' };

/** A default as the document has it. */
function shown(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof URL) return value.href;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (
    text
      // first, since it may be below the other one
      .replace(homedir(), '~')
      .replace(tmpdir(), '<tmp>')
      .replace(`remuda-${process.getuid?.() ?? 0}`, 'remuda-<uid>')
  );
}

describe.each<[string, Readonly<Record<string, Setting<unknown>>>]>([
  ['The api', apiSettings],
  ['The scheduler', schedulerSettings],
  ['The bridge', bridgeSettings],
  ['The host bridge', hostBridgeSettings],
  ['npm run demo and npm start', localSettings],
  ['The worker', workerSettings],
  ['A worker on a channel', channelSettings],
])('docs/configuration.md, %s', (chapter, settings) => {
  const rows = tableRows(chapters.get(chapter) ?? '');

  test('has every variable and no other, with its default and unit', () => {
    const wanted = Object.values(settings).map(({ env, unit, default: value }) => [
      env,
      computed[env] ?? shown(value),
      unit,
    ]);
    expect(rows.map(([name, value, unit]) => [name, value, unit])).toEqual(wanted);
  });

  test('says of every variable what it means, and that it is a secret where it is one', () => {
    for (const { env, secret } of Object.values(settings)) {
      const meaning = rows.find(([name]) => name === env)?.at(3);
      expect(meaning, env).toMatch(secret === true ? /\. A secret/ : /\w/);
    }
  });
});

test('docs/configuration.md has every field of a profile and no other, with its default', () => {
  const { name: _name, ...profile } = defaultProfile('any', { image: 'REMUDA_WORKER_IMAGE', warm: 1, max: 2 });
  const optional = {
    appendSystemPrompt: undefined,
    secrets: undefined,
    egressCredentials: undefined,
    kubernetes: undefined,
    prepare: undefined,
    cache: undefined,
    tools: { allow: undefined, deny: undefined },
    recycle: { ...profile.recycle, aboveRssMb: undefined },
  };
  const pool = { warm: 'REMUDA_WARM', max: 'REMUDA_MAX_WORKERS', ...usualDemand };
  const wanted = leaves({ ...profile, ...optional, pool }).map(([path, value]) => [
    path,
    typeof value === 'boolean' ? String(value) : shown(value),
  ]);
  const rows = tableRows(chapters.get('The profiles file') ?? '').map(([path, value]) => [path, value]);
  expect(rows.toSorted()).toEqual(wanted.toSorted());
});

/** The fields of an object that hold no further fields, by their paths. */
function leaves(value: object, at = ''): readonly (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? leaves(inner, `${at}${key}.`)
      : [[`${at}${key}`, inner] as const],
  );
}
