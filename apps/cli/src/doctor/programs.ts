import { spawn } from 'node:child_process';
import { ill, well, type Finding } from './finding.js';

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with a text at its stdin; undefined where there is none of the name. */
export async function runProgram(
  name: string,
  args: readonly string[],
  input = '',
  signal?: AbortSignal,
): Promise<ProgramEnd | undefined> {
  return new Promise((resolve) => {
    const child = spawn(name, [...args], { stdio: ['pipe', 'pipe', 'pipe'], ...(signal && { signal }) });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    child.on('error', () => {
      resolve(undefined);
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 1, ...texts });
    });
    // It may end before it has read all.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Whether a program is there, with the first line that it prints. */
export async function programFinding(name: string, args: readonly string[]): Promise<Finding> {
  const end = await runProgram(name, args);
  if (end?.code === 0) return well(name, end.stdout.split('\n')[0] ?? '');
  return ill(name, end === undefined ? 'is not there' : end.stderr.trim(), `install ${name}`);
}
