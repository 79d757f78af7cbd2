import { isSnapshotCopy, type KeptArtifacts } from '@remuda/domain';
import { isRecord, parseJson } from '../reader/json.js';

/**
 * At the bridge's snapshot listener, `PUT /artifacts` keeps the body, an uncompressed tar archive, as the artifacts of the token's
 * job. What is wrong with an archive that is refused (422) says the header `artifactsFaultHeader`, percent-encoded.
 */
export const artifactsPath = '/artifacts';
export const artifactsFaultHeader = 'x-remuda-fault';

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isDigest = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** Reads the artifacts that a job's record names; undefined for anything else. */
export function readKeptArtifacts(text: string): KeptArtifacts | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { at, lease, copy, files, bytes, sha256, listSha256 } = value;
  if (!isCount(at) || !isCount(lease) || !isCount(files) || !isCount(bytes)) return undefined;
  if (typeof copy !== 'string' || !isSnapshotCopy(copy) || !isDigest(sha256) || !isDigest(listSha256)) return undefined;
  return { at, lease, copy, files, bytes, sha256, listSha256 };
}
