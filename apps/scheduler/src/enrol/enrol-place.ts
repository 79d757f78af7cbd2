import { RemudaError, type Fault, type Profile, type SettingsOf } from '@remuda/domain';
import { schedulerSettings } from '../settings.js';
import type { EnrolPlace } from './enrol-listener.js';

/** The settings of enrolment. */
type EnrolSettings = Pick<
  SettingsOf<typeof schedulerSettings>,
  'runtime' | 'enrolListen' | 'enrolTlsCert' | 'enrolTlsKey' | 'enrolPlain'
>;

const { enrolListen: listenVariable, enrolTlsCert: certVariable, enrolTlsKey: keyVariable } = schedulerSettings;

/**
 * Where pods enrol; undefined if no profile allows it. Rejects with `config.invalid` if settings, runtime and profiles
 * are inconsistent.
 */
export function enrolPlace(
  settings: EnrolSettings,
  profiles: readonly Pick<Profile, 'enrol'>[],
): EnrolPlace | undefined {
  const faults = placeFaults(
    settings,
    profiles.some(({ enrol }) => enrol !== undefined),
  );
  if (faults.length > 0) {
    const lines = faults.map(({ path, message }) => `  ${path}: ${message}`).join('\n');
    throw new RemudaError('config.invalid', `Pods cannot enrol:\n${lines}`, { faults });
  }
  const { enrolListen, enrolTlsCert: certFile, enrolTlsKey: keyFile } = settings;
  if (!enrolListen) return undefined;
  const variables = { cert: certVariable.env, key: keyVariable.env };
  const certificate = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, variables };
  return { ...enrolListen, ...(certificate ? { certificate } : {}) };
}

function placeFaults(settings: EnrolSettings, enrols: boolean): readonly Fault[] {
  const { runtime, enrolListen, enrolTlsCert, enrolTlsKey, enrolPlain } = settings;
  const path = listenVariable.env;
  if (enrols && runtime !== 'kubernetes')
    return [{ path: 'REMUDA_RUNTIME', message: `profiles with kubernetes.enrol require kubernetes, not ${runtime}` }];
  if (!enrols) return enrolListen ? [{ path, message: 'no profile has kubernetes.enrol' }] : [];
  if (!enrolListen) return [{ path, message: 'expected an address: a profile has kubernetes.enrol' }];
  const files = [enrolTlsCert, enrolTlsKey].filter((file) => file !== undefined).length;
  if (enrolPlain === '1' ? files === 0 : files === 2) return [];
  const message =
    enrolPlain === '1'
      ? 'cannot be combined with REMUDA_ENROL_PLAIN=1'
      : `expected, together with ${keyVariable.env}; or REMUDA_ENROL_PLAIN=1`;
  return [{ path: certVariable.env, message }];
}
