import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { attackWith, bash, callsTool, carryOut, idleWorker, type Done, type Stage } from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

/** What a job tries with what it has: its own container, its own token, and no password. */
export async function tryWalls(stage: Stage): Promise<readonly Verdict[]> {
  const { cluster, code, other, victim } = stage;
  await idleWorker(stage, 'default');
  const ports = [cluster.apiUrl, cluster.schedulerUrl, cluster.bridgeUrl, cluster.redisUrl].map((url) =>
    Number(new URL(url).port),
  );
  const hosts = ['172.17.0.1', ...hostAddresses()];
  const done = await carryOut(stage, 'default', [
    attackWith('beside.mjs'),
    attackWith('root.mjs'),
    attackWith('files.mjs'),
    attackWith('network.mjs', { hosts, ports, neighbour: { name: `remuda-${victim.worker}` } }),
    attackWith('bridge.mjs', { part: 'live' }),
    attackWith('repositories.mjs', { head: code.head, otherHead: other.head, otherUrl: other.url }),
    attackWith('redis-socket.mjs', { part: 'closed' }),
    attackWith('agent.mjs', { part: 'output' }),
    attackWith('agent.mjs', { part: 'binary' }),
  ]);
  const budget = await carryOut(stage, 'default', [attackWith('bridge.mjs', { part: 'budget' })], {
    maxBudgetUsd: 0.5,
  });
  const endedToken = String(done.notes['token']);
  const ended = await carryOut(stage, 'default', [
    attackWith('bridge.mjs', { part: 'ended', ended: endedToken }),
    attackWith('repositories.mjs', { part: 'ended', ended: endedToken }),
  ]);
  const verdicts = [done, budget, ended].flatMap((job) => job.verdicts);
  return [
    ...verdicts,
    ...atTheModel(stage),
    agentAsIs(done),
    ...(await silentConnections(stage)),
    await gitEgress(stage),
  ];
}

/** While one job holds all connections that it can get and says nothing on them, another one fetches its repository and asks the model. */
async function silentConnections(stage: Stage): Promise<readonly Verdict[]> {
  await idleWorker(stage, 'bystander');
  const { worker } = await idleWorker(stage, 'default');
  const attacker = carryOut(stage, 'default', [attackWith('silent.mjs')]);
  await callsTool(stage, worker);
  const other = await carryOut(stage, 'bystander', [bash('true')]);
  const attack = await attacker;
  return [
    ...attack.verdicts,
    seen('bridge.silent', other.job.state === 'succeeded', `the other job ${other.job.state} meanwhile`),
  ];
}

/** Jobs whose repositories are in the operator's own network, by address and by name; the stage's own repositories are at 127.0.0.1. */
async function gitEgress({ cluster: { api } }: Stage): Promise<Verdict> {
  let connections = 0;
  const inside = createServer((socket) => {
    connections++;
    socket.destroy();
  }).listen(0);
  await once(inside, 'listening');
  const { port } = inside.address() as AddressInfo;
  // A name that leads to 127.0.0.1, as localhost does, is open in this stage.
  const named = await lookup(hostname(), { all: true }).catch(() => []);
  const names = named.some(({ address }) => address === '127.0.0.1') ? [] : [hostname()];
  const hosts = ['127.0.0.2', '[::1]', '[::ffff:127.0.0.2]', ...names, ...hostAddresses()];
  const urls = [
    'http://169.254.169.254/latest/meta-data',
    ...hosts.flatMap((host) => ['http', 'git', 'ssh'].map((scheme) => `${scheme}://${host}:${String(port)}/x`)),
  ];
  const ends = await Promise.all(urls.map((url) => endOf(api, url)));
  inside.close();
  const refused = ends.filter((end) => end === 'refused' || end === 'failed').length;
  return seen(
    'git.egress',
    refused === urls.length && connections === 0,
    `${String(refused)} of ${String(urls.length)} were refused, ${String(connections)} connections were made`,
  );
}

/** What becomes of a job with a repository: refused at once, or the state in which it ends. */
async function endOf(api: Stage['cluster']['api'], url: string): Promise<string> {
  const job = { prompt: 'x', profile: 'bystander', attempts: 1, workspace: { kind: 'git' as const, url } };
  const id = await api.submit(job).catch(() => undefined);
  return id === undefined ? 'refused' : (await api.over(id)).state;
}

function hostAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap((one) => (one.family === 'IPv4' && !one.internal ? [one.address] : [])),
  );
}

/** What came through to the model, as the model saw it. */
function atTheModel({ cluster: { model } }: Stage): readonly Verdict[] {
  const asked = (text: string) =>
    model.requests.find((request) => JSON.stringify(request.body?.messages ?? '').includes(text));
  const account = asked('other account')?.headers ?? {};
  const foreign = ['x-api-key', 'authorization', 'cookie', 'proxy-authorization', 'x-remuda-token'].filter(
    (name) => name in account,
  );
  const host = asked('"text\\\\\\":\\\\\\"host') ?? asked('host');
  const hosts = [host?.headers['host'], host?.headers['x-forwarded-host']].map(String);
  const own = asked('own headers')?.headers ?? {};
  const betas = String(own['anthropic-beta']);
  const speaking = ['anthropic-organization-id', 'anthropic-workspace-id', 'x-anything'].filter((name) => name in own);
  const strange = model.requests.filter((request) => request.kind === 'other').map((request) => request.path);
  return [
    seen(
      'bridge.other_account',
      asked('other account') !== undefined && foreign.length === 0,
      `headers of the container that reached the model: ${foreign.join() || 'none'}`,
    ),
    seen(
      'bridge.other_host',
      hosts.every((name) => !name.includes('attacker')),
      `the model was asked as ${hosts[0] ?? ''}`,
    ),
    seen(
      'bridge.betas',
      betas === 'effort-2025-11-24' && speaking.length === 0,
      `betas at the model: ${betas}; headers of the container: ${speaking.join() || 'none'}`,
    ),
    seen('bridge.smuggling', strange.length === 0, `other paths that reached the model: ${strange.join() || 'none'}`),
  ];
}

/** The repository's settings name another server: the turn's requests came to ours all the same. */
function agentAsIs(done: Done): Verdict {
  return seen(
    'repository.base_url',
    done.job.state === 'succeeded',
    `the job ${done.job.state}, its requests came by way of the bridge`,
  );
}
