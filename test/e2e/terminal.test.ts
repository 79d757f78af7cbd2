import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { script } from '@remuda/scripted-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';

const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

const profiles = `profiles:
  default:
    engine: tmux
    pool: { warm: 1, max: 2 }
`;

/** What a program in a worker's container printed; it is root there, as whoever looks in from the host. */
async function inside(worker: string, ...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', ['exec', `remuda-${worker}`, ...command]);
  return stdout.trim();
}

describe.skipIf(!hasEngine)('a job with Claude Code in a terminal, in a container', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ runtime: 'docker', profiles });
  }, 240_000);
  afterAll(() => cluster.stop());

  /** Starts a job, and resolves with its worker once a tool of it has begun. */
  async function begun(prompt: string): Promise<{ readonly id: string; readonly worker: string }> {
    const id = await cluster.api.submit({ prompt });
    let worker = '';
    for await (const event of cluster.api.events(id)) {
      if (event.type === 'job.assigned') worker = event.data.worker;
      if (event.type === 'tool.called') return { id, worker };
    }
    throw new Error('the job ended before its tool was called');
  }

  test('tells of what happens and gives its result, as any other', async () => {
    const id = await cluster.api.submit({ prompt: script({ text: 'look', ...bash('id -un') }, { text: 'done' }) });
    const types: string[] = [];
    for await (const event of cluster.api.events(id)) {
      types.push(event.type);
      if (event.type === 'tool.returned') expect(event.data.output).toBe('claude');
    }
    expect(types).toEqual(expect.arrayContaining(['session.started', 'message.text', 'tool.called', 'turn.ended']));
    const result = await cluster.api.result(id);
    expect(result).toMatchObject({ state: 'succeeded', text: 'done', turns: 2 });
    expect(result.costUsd).toBeGreaterThan(0);
  });

  test('shows its screen at the api while somebody looks, without the secrets of its job', async () => {
    const secrets = { TOKEN: 'sk-secret-0123456789' };
    const id = await cluster.api.submit({
      prompt: script({ text: 'look here', ...bash('echo "$TOKEN"; touch /tmp/begun; sleep 300.79') }),
      secrets,
    });
    let worker = '';
    for await (const event of cluster.api.events(id)) {
      if (event.type === 'job.assigned') worker = event.data.worker;
      if (event.type === 'tool.called') break;
    }
    const screen = async () => {
      const answer = await fetch(`${cluster.api.url}/api/v1/workers/${worker}/screen`);
      return { status: answer.status, ...((await answer.json()) as { text?: string }) };
    };
    await expect
      .poll(screen, { timeout: 20_000 })
      .toMatchObject({ status: 200, text: expect.stringContaining('look here') });
    expect((await screen()).text).not.toContain(secrets.TOKEN);
    expect(await cluster.api.workers()).toContainEqual(expect.objectContaining({ id: worker, engine: 'tmux' }));
    await cluster.api.cancel(id);
    await cluster.api.over(id);
  });

  test('shows its tmux server to docker exec, and goes on when that is killed in the middle of the turn', async () => {
    const { id, worker } = await begun(
      script(bash('echo once >> done; sleep 300.77'), bash('cat done'), { text: 'the right answer' }),
    );
    expect(await inside(worker, 'tmux', 'ls')).toMatch(/^claude-cc-bridge: 1 windows/);
    expect(await inside(worker, 'tmux', '-V')).toMatch(/^tmux 3\./);
    await inside(worker, 'sh', '-c', 'kill -9 $(pgrep -x "tmux: server")');
    const outputs: string[] = [];
    for await (const event of cluster.api.events(id))
      if (event.type === 'tool.returned') outputs.push(event.data.output);
    expect(await cluster.api.result(id)).toMatchObject({ state: 'succeeded', text: 'the right answer' });
    expect(outputs.at(-1)).toBe('once');
    expect(await cluster.api.over(id)).toMatchObject({ attempt: 1 });
  });
});
