import { describe, expect, test } from 'vitest';
import { kubeconfig } from '../contract/containers/real-cluster.js';
import { bash, inTime, longMs, OnPods, untilLetGo } from './harness/on-pods.js';
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
});
