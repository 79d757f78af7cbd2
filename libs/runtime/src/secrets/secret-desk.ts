import {
  defaultTenant,
  failureOf,
  RemudaError,
  secretValueFault,
  type AssignedSecrets,
  type JobRecord,
  type SecretDesk,
  type SecretReceiver,
  type SecretSeal,
  type Secrets,
  type SecretVault,
} from '@remuda/domain';
import { sealFor } from './worker-key.js';

/** Dependencies of `openDesk`. */
export interface DeskParts {
  /** Absent without a key: then no values that were given with a job can be read. */
  readonly seal?: SecretSeal | undefined;
  readonly vault: SecretVault;
}

/** The desk of a scheduler. What cannot be had is said as the job's failure, by names and never by values. */
export function openDesk(parts: DeskParts): SecretDesk {
  return {
    async secretsFor(job, kept, receiver): Promise<AssignedSecrets> {
      try {
        const secrets = await collect(job, kept, receiver, parts);
        if (Object.keys(secrets).length === 0) return {};
        if (receiver.workerKey === undefined)
          throw new RemudaError('job.secrets_unavailable', 'Its worker has reported no key.');
        return { sealedSecrets: await sealFor(receiver.workerKey, secrets, job.id) };
      } catch (error) {
        const { code, message } = failureOf(error);
        return { secretsFault: { code: code === 'internal' ? 'job.secrets_unavailable' : code, message } };
      }
    },
  };
}

/** Of two with the same name the job's own comes first, then the one that it names. */
async function collect(
  { id, tenant, spec }: JobRecord,
  kept: string | undefined,
  { profileSecrets = [] }: SecretReceiver,
  { seal, vault }: DeskParts,
): Promise<Secrets> {
  const all: Record<string, string> = {};
  // The operator chose these for all tenants of the profile: a tenant may have its own of the name.
  for (const name of profileSecrets)
    all[name] = (await found(vault, tenant, name)) ?? present(await found(vault, defaultTenant, name), name);
  for (const name of spec.namedSecrets ?? []) all[name] = present(await found(vault, tenant, name), name);
  if (!spec.secrets) return all;
  if (kept === undefined || !seal)
    throw new RemudaError('job.secrets_gone', 'The values of its secrets are gone; submit it again with them.');
  return { ...all, ...(await seal.open(kept, id)) };
}

function present(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new RemudaError('job.secret_unknown', `There is no secret ${name} for this job.`);
}

async function found(vault: SecretVault, tenant: string, name: string): Promise<string | undefined> {
  const value = await vault.find(tenant, name);
  if (value === undefined) return undefined;
  const fault = secretValueFault(value, (text) => Buffer.byteLength(text));
  if (fault !== undefined) throw new RemudaError('job.secret_unknown', `The value of the secret ${name} ${fault}.`);
  return value;
}
