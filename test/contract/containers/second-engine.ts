import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const asked = spawnSync('dockerd', ['--version'], { encoding: 'utf8' });
/** The major version of the engine that can be started here. */
const version = asked.error ? undefined : /version (\d+)/.exec(asked.stdout)?.[1];

/** Whether another engine can be started here; tests that need two are skipped where it can't. */
export const canStartEngine = process.getuid?.() === 0 && version !== undefined;

/** A Docker engine of a test's own on this machine, without a network: as good as the engine of another host. */
export class SecondEngine {
  private constructor(
    private readonly folder: string,
    private readonly daemon: ChildProcess,
  ) {}

  static async start(): Promise<SecondEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'rm-engine-'));
    const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
    const own = ['--pidfile', join(folder, 'pid'), '--host', `unix://${join(folder, 'docker.sock')}`];
    const quiet = ['--bridge=none', '--iptables=false', '--ip6tables=false'];
    // up to version 20.10 the engine's id is made from a key in /etc/docker, which all engines of a machine would share
    const config = join(folder, 'daemon.json');
    const key = Number(version) < 23 ? { 'deprecated-key-path': join(folder, 'key.json') } : {};
    await writeFile(config, JSON.stringify(key));
    // without a bridge an engine removes docker0, which is that of the usual one: so it has a network namespace of its own
    const args = ['--net', 'dockerd', '--config-file', config, ...places, ...own, ...quiet];
    const daemon = spawn('unshare', args, { stdio: 'ignore' });
    const engine = new SecondEngine(folder, daemon);
    for (let i = 0; i < 300 && daemon.exitCode === null; i++) {
      if (await engine.docker('info').catch(() => undefined)) return engine;
      await sleep(100);
    }
    await engine.stop();
    throw new Error('a second engine does not start here');
  }

  get socketPath(): string {
    return join(this.folder, 'docker.sock');
  }

  /** Docker's own command at this engine; gives what it printed. */
  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', ['--host', `unix://${this.socketPath}`, ...args]);
    return stdout.trim();
  }

  /** Copies an image from the usual engine. */
  async take(image: string): Promise<void> {
    const archive = join(this.folder, 'image.tar');
    await run('docker', ['save', '--output', archive, image]);
    await this.docker('load', '--input', archive);
    await rm(archive);
  }

  /** Its containers end with it. */
  async stop(): Promise<void> {
    if (this.daemon.exitCode === null) {
      const ended = once(this.daemon, 'exit');
      this.daemon.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
