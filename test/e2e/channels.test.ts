import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { script, startScriptedModel, type ScriptedModel } from '@remuda/scripted-model';
import { describe, expect, test, vi } from 'vitest';
import { provideWorkerImage } from '../../apps/local/src/cluster/worker-image.js';
import { hasEngine } from './harness/cluster.js';

const run = promisify(execFile);
const hasCompose = await run('docker-compose', ['version']).then(
  () => true,
  () => false,
);

/** A worker as one of our compose files brings it up, with a scripted model on this machine. */
interface Composed extends AsyncDisposable {
  readonly container: string;
  readonly workspace: string;
  readonly model: ScriptedModel;
  /** What a program in its container prints. */
  readonly inside: (...command: readonly string[]) => Promise<string>;
  /** What a shell prints that has one of the volumes, as another user of the group, and nothing else. */
  readonly beside: (volume: string, command: string) => Promise<string>;
  healthy(): Promise<void>;
}

async function composeUp(file: string): Promise<Composed> {
  await provideWorkerImage(process.env);
  const dir = await mkdtemp(join(tmpdir(), 'remuda-compose-'));
  const model = await startScriptedModel();
  const workspace = `t${randomBytes(4).toString('hex')}`;
  const over = join(dir, 'over.yaml');
  // The scripted model listens on this machine's loopback.
  await writeFile(over, 'services: { claude-agent: { network_mode: host, extra_hosts: [] } }\n');
  const env = { ...process.env, WORKSPACE_NAME: workspace, REMUDA_MODEL_URL: model.url, ANTHROPIC_API_KEY: 'sk-owner' };
  const compose = (...args: string[]) =>
    run('docker-compose', ['-p', workspace, '-f', `docker/${file}`, '-f', over, ...args], { env });
  const container = `claude-${workspace}`;
  const docker = async (...args: readonly string[]) => (await run('docker', args)).stdout.trim();
  const dispose = async () => {
    await compose('down', '-v', '-t', '20');
    await model.close();
    await rm(dir, { recursive: true });
  };
  await compose('up', '-d');
  return {
    ...{ container, workspace, model },
    inside: (...command) => docker('exec', container, ...command),
    beside: (volume, command) =>
      docker(
        ...['run', '--rm', '--network', 'none', '--user', '1234:2000', '-v', `${workspace}_${volume}:/v`, '-w', '/v'],
        ...['debian:bookworm-slim', 'sh', '-c', command],
      ),
    healthy: () =>
      vi.waitFor(
        async () => expect(await docker('inspect', '-f', '{{.State.Health.Status}}', container)).toBe('healthy'),
        { timeout: 90_000, interval: 500 },
      ),
    [Symbol.asyncDispose]: dispose,
  };
}

const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command } }] });
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

describe.skipIf(!hasEngine || !hasCompose)('a worker of a compose file', () => {
  test('takes prompts from named pipes on a volume, which its jobs cannot open', async () => {
    await using worker = await composeUp('compose.fifo.yaml');
    await worker.healthy();
    const look = `id -u; echo x > /tmp/cc-bridge-pipes/${worker.workspace}.in.fifo; cat /proc/1/environ`;
    const prompt = JSON.stringify({ prompt: script(bash(look), { text: 'it is; $(done)' }) });
    const [input, output] = ['in', 'out'].map((end) => `${worker.workspace}.${end}.fifo`);
    const said = await worker.beside(
      'pipes',
      `(timeout 60 grep -m1 '"kind":"outcome"' < ${output} & printf '%s\\n' ${quoted(prompt)} > ${input}; wait)`,
    );
    expect(JSON.parse(said)).toMatchObject({ outcome: { kind: 'succeeded', result: { text: 'it is; $(done)' } } });
    const results = JSON.stringify(worker.model.lastMain?.['messages']);
    expect(results).toContain('\\n1000\\n');
    expect(results.match(/Permission denied/g)).toHaveLength(2);
  });

  test('takes prompts from files, and goes on with the conversation after docker restart', async () => {
    await using worker = await composeUp('compose.files.yaml');
    await worker.healthy();
    const ask = (id: string, prompt: string) =>
      worker.beside(
        'ipc',
        `cd ${worker.workspace} && printf '%s' ${quoted(JSON.stringify({ prompt }))} > requests/.x && mv requests/.x requests/${id}.json
         i=0; while [ ! -e responses/${id}.json ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; cat responses/${id}.json`,
      );
    expect(await ask('1', `remember: walrus ${script({ text: 'yes' })}`)).toContain('"text":"yes"');
    await run('docker', ['restart', worker.container]);
    await worker.healthy();
    expect(await ask('2', 'and now?')).toContain('"kind":"succeeded"');
    expect(JSON.stringify(worker.model.lastMain)).toContain('walrus');
  });

  test('has its Claude Code in tmux, as the scenarios of the first design want it', async () => {
    await using worker = await composeUp('compose.tmux.yaml');
    await worker.healthy();
    const { workspace, inside, beside } = worker;
    expect(await inside('tmux', '-V')).toMatch(/^tmux 3\./);
    expect(await inside('tmux', 'ls')).toContain(`claude-${workspace}`);
    await inside('sh', '-c', `echo test > /ipc/${workspace}/responses/note.txt`);
    expect(await beside('ipc', `cat ${workspace}/responses/note.txt`)).toBe('test');
    await beside('ipc', `echo '{"status":"ok"}' > ${workspace}/responses/host-test.txt`);
    expect(await inside('cat', `/ipc/${workspace}/responses/host-test.txt`)).toBe('{"status":"ok"}');
    expect(await inside('printenv', 'GATEWAY_CALLBACK_URL')).toBe('http://host.docker.internal:8080/claude-callback');
    expect(await inside('printenv', 'WORKSPACE_NAME')).toBe(workspace);
    await beside(
      'ipc',
      `cd ${workspace} && echo '{"prompt":"say hi"}' > requests/.1 && mv requests/.1 requests/1.json`,
    );
    await vi.waitFor(
      async () => expect(await beside('ipc', `cat ${workspace}/responses/1.json`)).toContain('"text":"ok: say hi"'),
      { timeout: 60_000, interval: 500 },
    );
    await run('docker', ['restart', worker.container]);
    await worker.healthy();
    expect(await inside('tmux', 'ls')).toContain(`claude-${workspace}`);
  });
});
