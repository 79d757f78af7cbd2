import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { workerLayout } from '@remuda/containers';
import { RemoteRunner, admitAgent, type Runner } from '@remuda/engine';
import { docker } from '../../contract/containers/docker-fixture.js';

const { uid, gid, home, workspace, sockets, agent, agentSocket } = workerLayout;

/** A folder that stands for the one of sockets that a pod's two containers share. */
export async function socketFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rm-pod-'));
  // as an emptyDir of a pod with an fsGroup is
  await chown(folder, 0, gid).catch(() => undefined);
  await chmod(folder, 0o2777);
  return folder;
}

/** Starts a container as the agent's of a pod is: with what it may write to, without network, and with read-only sockets. */
export async function startAgent(folder: string): Promise<string> {
  const name = `remuda-agent-${randomUUID().slice(0, 8)}`;
  const own = `rw,exec,nosuid,nodev,mode=2777,gid=${String(gid)},size=64m`;
  const places = [workspace, home, '/tmp'].flatMap((path) => ['--tmpfs', `${path}:${own}`]);
  const mount = `type=bind,source=${folder},target=${sockets},readonly`;
  await docker(
    ...['run', '--detach', '--name', name, ...wallsOf(uid), ...places, '--mount', mount],
    ...['--entrypoint', 'tini', 'remuda-worker:latest', ...agent.slice(1), agentSocket],
  );
  return name;
}

/** What Pod Security `restricted` asks for, as far as an engine's command knows it. */
export function wallsOf(user: number): readonly string[] {
  const rights = ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--read-only'];
  return ['--network', 'none', '--user', `${String(user)}:${String(gid)}`, ...rights];
}

/** A worker's end of an agent that runs in a container, in this process. */
export interface AgentPlace extends AsyncDisposable {
  readonly runner: RemoteRunner;
  readonly container: string;
  /** Has a socket of that name, beside the agent's, lead to a port of this machine. */
  lead(socket: string, port: number): Promise<void>;
}

export async function agentPlace(): Promise<AgentPlace> {
  const folder = await socketFolder();
  const come = admitAgent(join(folder, 'agent.sock'), 60_000);
  const container = await startAgent(folder);
  const runner = await RemoteRunner.over(await come);
  const opened: Server[] = [];
  return {
    ...{ runner, container },
    lead: async (name, port) => {
      const listener = createServer((near) => {
        const far = connect(port, '127.0.0.1');
        for (const one of [near, far]) one.on('error', () => undefined);
        near.pipe(far).pipe(near);
      });
      opened.push(listener);
      listener.listen({ path: join(folder, name), readableAll: true, writableAll: true });
      await once(listener, 'listening');
    },
    [Symbol.asyncDispose]: async () => {
      runner.close();
      for (const listener of opened) listener.close();
      await docker('rm', '--force', container);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a shell line by a runner; what it printed, and how it ended. */
export async function shell(runner: Runner, line: string): Promise<{ readonly said: string; readonly code?: number }> {
  const program = runner.start({
    command: '/bin/bash',
    args: ['-c', line],
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  program.stdin.end();
  program.stderr.resume();
  const [said, exit] = await Promise.all([text(program.stdout), program.closed]);
  return { said: said.trim(), ...exit };
}
