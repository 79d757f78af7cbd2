import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { JobEvent } from '@remuda/domain';
import { script } from '@remuda/scripted-model';
import { expect, test } from 'vitest';
import { hasEngine, startCluster } from './harness/cluster.js';
import { foundIn } from './harness/inside.js';
import { logsOf } from './harness/logs.js';
import { servePrivateRegistry } from './harness/registry.js';

const longMs = 400_000;
const bash = (command: string) => ({
  tools: [{ name: 'Bash', input: { command, description: 'a command', timeout: 300_000 } }],
});

/** One container that carries out job after job, and gets the credential for what it reads from the registry. */
const profiles = (at: string): string =>
  JSON.stringify({
    profiles: {
      default: {
        ...{ pool: { warm: 1, max: 1 }, recycle: { afterJobs: 20 }, egress: [at] },
        egressCredentials: [{ url: `https://${at}/`, secret: 'EGRESS_NPM' }],
      },
    },
  });

test.skipIf(!hasEngine)(
  'npm in a container gets a package of a private registry, and the token is nowhere in the container',
  async () => {
    await using registry = await servePrivateRegistry();
    const { at, token } = registry;
    await using cluster = await startCluster({
      runtime: 'docker',
      profiles: profiles(at),
      env: {
        REMUDA_EGRESS_HOSTS: '127.0.0.2',
        REMUDA_SECRET_EGRESS_NPM: token,
        NODE_EXTRA_CA_CERTS: registry.caFile,
      },
    });
    const canary = randomBytes(12).toString('hex');
    const config = `npm config set registry http://${at}/ && npm config set replace-registry-host always`;
    const status = (...args: string[]) => `curl -s -o /dev/null -w '%{http_code}\\n' ${args.join(' ')}`;
    const id = await cluster.api.submit({
      prompt: script(
        bash(`${config} && npm init -y > /dev/null && npm install greet && node -p "require('greet')"`),
        // within TLS nothing can be added, and what would change the registry does not get it
        bash(`${status('-k', `https://${at}/greet`)}; ${status('-X', 'PUT', `http://${at}/greet`)}`),
        bash(`echo ${canary} > canary.txt; env; npm config list; until [ -e /tmp/go ]; do sleep 0.1; done`),
        { text: 'done' },
      ),
      attempts: 1,
    });
    const events: JobEvent[] = [];
    let container = '';
    for await (const event of cluster.api.events(id)) {
      events.push(event);
      if (event.type !== 'tool.called' || events.filter(({ type }) => type === event.type).length !== 3) continue;
      container = `remuda-${String((await cluster.api.job(id)).worker)}`;
      const letGo = () => execFileSync('docker', ['exec', container, 'touch', '/tmp/go']);
      expect(await foundIn(container, [canary, token]).finally(letGo)).toEqual([canary]);
    }
    const outputs = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
    expect(outputs[0], JSON.stringify(events)).toContain('hello from a private package');
    expect(outputs[1]?.trim()).toBe('401\n401');
    expect(registry.asked).toContain('GET /greet 200');
    expect(registry.asked).toContain('GET /greet/-/greet-1.0.0.tgz 200');

    expect(await foundIn(container, [token])).toEqual([]);
    const told = JSON.stringify([events, await cluster.api.job(id), await cluster.api.result(id)]);
    expect(told + (await logsOf(cluster))).not.toContain(token);
  },
  longMs,
);
