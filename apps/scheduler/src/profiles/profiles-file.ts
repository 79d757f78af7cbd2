import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { RemudaError, type Profile } from '@remuda/domain';
import { defaultProfile, readProfiles, type ProfileDefaults } from './profiles.js';

/** The profiles of a YAML file, or the default profile without a file. Refuses with `config.invalid`. */
export async function loadProfiles(path: string | undefined, defaults: ProfileDefaults): Promise<readonly Profile[]> {
  if (path === undefined) return [defaultProfile('default', defaults)];
  let content: unknown;
  try {
    content = parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RemudaError('config.invalid', `The profiles file ${path} cannot be read: ${reason}`, { cause: error });
  }
  return readProfiles(content, defaults);
}

/**
 * Fingerprint of a profile, to recognize workers made from another one; fields that only concern the pool's size are
 * excluded, and so are those that a worker gets with each job.
 */
export function fingerprint(profile: Profile): string {
  const { pool: _size, secrets: _names, ...made } = profile;
  return createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 12);
}
