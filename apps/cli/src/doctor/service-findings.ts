import { ApiError, ConnectionError } from '@remuda/client';
import type { Session } from '../session.js';
import { reasonOf } from '../reason-of.js';
import { ill, note, well, type Finding } from './finding.js';
import { poolFindings } from './pool-findings.js';
import { programFinding } from './programs.js';

/** The oldest Node.js that is tried. */
const leastNode = [20, 19] as const;

/** Looks at this machine and at the service that the settings name. Never rejects. */
export async function serviceFindings(session: Session): Promise<readonly Finding[]> {
  return [
    nodeFinding(process.versions.node),
    await programFinding('git', ['--version']),
    ...(await apiFindings(session)),
  ];
}

/** Whether a version of Node.js is recent enough. Pure. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  return enough ? well('Node.js', version) : ill('Node.js', version, `use ${leastNode.join('.')} or newer`);
}

async function apiFindings({ client, settings }: Session): Promise<readonly Finding[]> {
  try {
    const pools = await client.pools();
    const api = well('api', `${client.url} answers${settings.token === undefined ? '' : ', and takes the token'}`);
    const none = ill('pools', 'there is none', 'start a scheduler');
    return [api, ...(pools.length === 0 ? [none] : pools.flatMap(poolFindings)), ...(await failedJobs(client))];
  } catch (error) {
    return [apiTrouble(error, client.url)];
  }
}

/** What an error of the api means. Pure. */
export function apiTrouble(error: unknown, url: string): Finding {
  if (error instanceof ConnectionError)
    return ill('api', reasonOf(error), 'start Remuda (remuda up), or name its address with --url or REMUDA_URL');
  if (!(error instanceof ApiError)) return ill('api', `${url}: ${reasonOf(error)}`, 'is this the address of Remuda?');
  if (error.status === 401)
    return ill('token', reasonOf(error), 'set REMUDA_TOKEN to an API key (npm run keys) or a JWT of your issuer');
  if (error.status === 403) return ill('token', reasonOf(error), 'use a token with the scope that it names');
  return ill('api', `${error.code}: ${reasonOf(error)}`, 'see docs/errors.md for the code');
}

/** Failed jobs that need a person, where the token may see them. */
async function failedJobs(client: Session['client']): Promise<readonly Finding[]> {
  const { data } = await client.http.GET('/api/v1/dead-letters', { params: { query: { limit: 200 } } });
  const count = data?.deadLetters.length ?? 0;
  if (count === 0) return [];
  const more = data?.nextCursor === undefined ? '' : ' or more';
  return [note('failed jobs', `${count}${more} need a person`, 'remuda ls --state failed; remuda redrive JOB')];
}
