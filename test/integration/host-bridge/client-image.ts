import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const image = 'remuda-host-client:test';

/** Builds the example image: Debian with the client, and nothing else. */
export function buildClientImage(): void {
  const args = ['build', '--quiet', '--tag', image, join(root, 'docker/host-client')];
  const { status, stderr } = spawnSync('docker', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`docker build failed: ${stderr}`);
}

/** Compiles `<name>.c` in a folder, by the compiler of the image's build: this machine may have none. */
export function compileStatic(dir: string, name: string): void {
  const builder = 'remuda-host-client:build';
  const steps = [
    ['build', '--quiet', '--target', 'build', '--tag', builder, join(root, 'docker/host-client')],
    ['run', '--rm', '--network=none', '-v', `${dir}:/o`, builder, 'gcc', '-static', '-o', `/o/${name}`, `/o/${name}.c`],
  ];
  for (const args of steps) {
    const { status, stderr } = spawnSync('docker', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`docker ${args[0] ?? ''} failed: ${stderr}`);
  }
}

/** Arguments of `docker` for a container with the folder of a socket and a workspace. */
export const inContainer = (door: string, workspace: string, flags: readonly string[] = ['-i']): string[] => [
  ...['run', '--rm', ...flags, '--network=none', '--volume', `${door}:/host`, '--volume', `${workspace}:/workspace`],
  image,
];

/** Runs a command in a container to its end. */
export async function runInContainer(
  place: readonly string[],
  command: readonly string[],
  input: Buffer | string = '',
) {
  const child = spawn('docker', [...place, ...command], { stdio: 'pipe' });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number];
  const bytes = Buffer.concat(out);
  return { code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() };
}
