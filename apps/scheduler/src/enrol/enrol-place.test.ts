import { readSettings } from '@remuda/domain';
import { expect, test } from 'vitest';
import { schedulerSettings } from '../settings.js';
import { enrolPlace } from './enrol-place.js';

const rules = { enrol: { serviceAccounts: ['sa'], surplus: 'stay' } } as const;
const place = (env: Readonly<Record<string, string>>, profiles: readonly object[] = [rules]) =>
  enrolPlace(readSettings(schedulerSettings, { REMUDA_RUNTIME: 'kubernetes', ...env }), profiles);
const files = { REMUDA_ENROL_TLS_CERT: '/c', REMUDA_ENROL_TLS_KEY: '/k' };
const listen = { REMUDA_ENROL_LISTEN: '0.0.0.0:7475' };

test('pods enrol at the address, with the certificate, or without one where that is said', () => {
  const at = { host: '0.0.0.0', port: 7475 };
  expect(place({ ...listen, ...files })).toMatchObject({ ...at, certificate: { certFile: '/c', keyFile: '/k' } });
  expect(place({ ...listen, REMUDA_ENROL_PLAIN: '1' })).toEqual(at);
});

test('nowhere where no profile has any that do', () => {
  expect(place({}, [{}])).toBeUndefined();
});

test.each<[string, Readonly<Record<string, string>>, readonly object[]]>([
  ['REMUDA_ENROL_LISTEN', {}, [rules]],
  ['REMUDA_ENROL_LISTEN', listen, [{}]],
  ['REMUDA_RUNTIME', { ...listen, REMUDA_RUNTIME: 'docker' }, [rules]],
  ['REMUDA_ENROL_TLS_CERT', listen, [rules]],
  ['REMUDA_ENROL_TLS_CERT', { ...listen, REMUDA_ENROL_TLS_CERT: '/c' }, [rules]],
  ['REMUDA_ENROL_TLS_CERT', { ...listen, ...files, REMUDA_ENROL_PLAIN: '1' }, [rules]],
])('what does not go together is a fault of %s: %j', (path, env, profiles) => {
  const faults = [expect.objectContaining({ path })];
  expect(() => place(env, profiles)).toThrow(expect.objectContaining({ code: 'config.invalid', extra: { faults } }));
});
