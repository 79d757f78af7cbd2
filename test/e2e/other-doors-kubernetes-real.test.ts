import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { kubeconfig } from '../contract/containers/real-cluster.js';
import { bash, inTime, longMs, OnPods, untilLetGo } from './harness/on-pods.js';
import { logsOf } from './harness/logs.js';
import { servePrivateRegistry } from './harness/registry.js';
import { serveSite } from './harness/site.js';

describe.skipIf(kubeconfig === '')('in a pod of the cluster that KUBECONFIG names', () => {
  test(
    'Claude Code in a terminal shows its screen, goes on when its tmux server is killed, and gives the answer',
    { timeout: longMs },
    async () => {
      const own = await OnPods.start({ engine: 'tmux', pool: { warm: 1, max: 1 } });
      await own.warm(1);
      const steps = [bash('echo once >> lines.txt'), { text: 'look here', ...untilLetGo }, bash('cat lines.txt')];
      const id = await own.submit([...steps, { text: 'the right answer' }]);
      const worker = await own.workerOf(id, 'message.text');
      const screen = async () => {
        const answer = await fetch(`${own.api.url}/api/v1/workers/${worker}/screen`);
        return { status: answer.status, ...((await answer.json()) as { text?: string }) };
      };
      const shown = { status: 200, text: expect.stringContaining('look here') as string };
      await expect.poll(screen, inTime).toMatchObject(shown);
      expect(await own.pods.run(worker, 'agent', ['tmux', 'ls'])).toMatch(/^claude-cc-bridge: 1 windows/);

      await own.pods.run(worker, 'agent', ['sh', '-c', 'kill -9 $(pgrep -x "tmux: server")']);
      await expect.poll(() => own.pods.run(worker, 'agent', ['tmux', 'ls']), inTime).toMatch(/^claude-cc-bridge/);
      await own.letGo(worker);
      const events = await own.told(id);
      expect(events.flatMap((event) => (event.type === 'attempt.warned' ? [event.data.message] : []))).toEqual([
        expect.stringContaining('was resumed in a new one'),
      ]);
      expect(events.findLast((event) => event.type === 'tool.returned')?.data.output.trim()).toBe('once');
      expect(await own.api.result(id)).toMatchObject({ state: 'succeeded', text: 'the right answer' });
      expect(await own.api.job(id)).toMatchObject({ attempt: 1, requeues: 0 });
    },
  );

  test('tools reach the hosts of their profile by the bridge, and no other', { timeout: longMs }, async () => {
    await using site = await serveSite();
    const profile = { egress: [site.at], pool: { warm: 1, max: 1 } };
    const own = await OnPods.start(profile, { REMUDA_EGRESS_HOSTS: '127.0.0.2' });
    await own.warm(1);
    const id = await own.submit([
      bash(`curl -sS http://${site.at}/a.txt`),
      bash('curl -sS https://other.example/b; echo "curl: $?"'),
      bash(`curl -sS --max-time 3 --noproxy '*' http://${site.at}/c.txt; echo "curl: $?"`),
      { text: 'done' },
    ]);
    const events = await own.told(id);
    const outputs = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
    expect(outputs[0]).toContain('the file /a.txt');
    expect(outputs[1]).toMatch(/403[^]*curl: [1-9]/);
    expect(outputs[2]).toMatch(/curl: [1-9]/);
    expect(events.flatMap((event) => (event.type === 'egress.refused' ? [event.data] : []))).toEqual([
      { host: 'other.example', port: 443, reason: 'not_allowed' },
    ]);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded' });
  });

  test(
    'npm gets a package of a private registry, and the token is in neither container of the pod',
    { timeout: longMs },
    async () => {
      await using registry = await servePrivateRegistry();
      const { at, token } = registry;
      const egressCredentials = [{ url: `https://${at}/`, secret: 'EGRESS_NPM' }];
      const own = await OnPods.start(
        { egress: [at], egressCredentials, pool: { warm: 1, max: 1 } },
        { REMUDA_EGRESS_HOSTS: '127.0.0.2', REMUDA_SECRET_EGRESS_NPM: token, NODE_EXTRA_CA_CERTS: registry.caFile },
      );
      await own.warm(1);
      const canary = randomBytes(12).toString('hex');
      const config = `npm config set registry http://${at}/ && npm config set replace-registry-host always`;
      const id = await own.submit([
        bash(`${config} && npm init -y > /dev/null && npm install greet && node -p "require('greet')"`),
        bash(`echo ${canary} > canary.txt; env; npm config list`),
        untilLetGo,
        { text: 'done' },
      ]);
      const worker = await own.workerOf(id, 'tool.called', 3);
      expect(await own.found(worker, [canary, token]).finally(() => own.letGo(worker))).toEqual([canary]);
      const events = await own.told(id);
      const printed = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
      expect(printed[0], JSON.stringify(events)).toContain('hello from a private package');
      expect(registry.asked).toEqual(expect.arrayContaining(['GET /greet 200', 'GET /greet/-/greet-1.0.0.tgz 200']));
      const told = JSON.stringify([events, await own.api.job(id), await own.api.result(id)]);
      expect(told + (await logsOf(own.cluster))).not.toContain(token);
    },
  );
});
