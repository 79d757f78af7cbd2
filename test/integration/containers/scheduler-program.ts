import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessRuntimeOptions } from '@remuda/containers';
import type { ContainerSpec } from '@remuda/domain';
import { build } from 'esbuild';

const lib = (name: string): string => fileURLToPath(new URL(`../../../libs/${name}/src/index.ts`, import.meta.url));

/** A program of its own that starts one worker and then lives on: stands for a scheduler that can be killed. */
export async function schedulerProgram(options: ProcessRuntimeOptions, spec: ContainerSpec): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'rm-program-'));
  const outfile = join(folder, 'scheduler.cjs');
  await build({
    stdin: {
      contents: `
        import { ProcessRuntime } from '@remuda/containers';
        const log = { debug() {}, info() {}, warn() {} };
        const socketDirOf = () => ${JSON.stringify(options.socketDirOf(spec.worker))};
        const runtime = new ProcessRuntime({ ...${JSON.stringify(options)}, socketDirOf, hostEnv: {}, log });
        void runtime.start(${JSON.stringify(spec)}).then(() => runtime.watch(() => {}));`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    alias: {
      '@remuda/containers': lib('containers'),
      '@remuda/domain': lib('domain'),
      '@remuda/protocol': lib('protocol'),
    },
    external: ['*.node', 'cpu-features'],
    logLevel: 'silent',
  });
  const child = spawn(process.execPath, [outfile], { stdio: 'inherit' });
  child.once('exit', () => void rm(folder, { recursive: true, force: true }));
  return child;
}
