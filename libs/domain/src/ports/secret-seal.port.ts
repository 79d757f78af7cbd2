import type { Failure, JobRecord } from '../jobs/job.js';
import type { Secrets } from '../jobs/secrets.js';

/** Encrypts the values that are given with a job, for where they wait, and decrypts them again. */
export interface SecretSeal {
  /** The values as a text that only the cluster's own processes can read; it is valid for this job only. */
  seal(secrets: Secrets, job: string): Promise<string>;
  /** The values again. Rejects with `job.secrets_gone` if the text is of another job, or was made with another key. */
  open(sealed: string, job: string): Promise<Secrets>;
}

/** Secrets that the operator keeps, by tenant and name. */
export interface SecretVault {
  /** Its value now; undefined if the tenant has none of that name. Rejects if the vault cannot be read. */
  find(tenant: string, name: string): Promise<string | undefined>;
}

/** What an assignment says of its job's secrets: their values, encrypted to its worker, or why they cannot be had. */
export type AssignedSecrets =
  { readonly sealedSecrets?: string } | { readonly secretsFault: Pick<Failure, 'code' | 'message'> };

/** Who gets the secrets of a job. */
export interface SecretReceiver {
  /** The public key that the worker has reported, for this process of it. */
  readonly workerKey?: string;
  /** Names of secrets that every job of the profile gets. */
  readonly profileSecrets?: readonly string[];
}

/** Collects the secrets of a job and encrypts them to the worker that is about to get it. */
export interface SecretDesk {
  /** `kept` is what `SecretSeal` made of the values that were given with the job, if they are still there. */
  secretsFor(job: JobRecord, kept: string | undefined, receiver: SecretReceiver): Promise<AssignedSecrets>;
}
