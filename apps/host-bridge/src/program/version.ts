import { execFile } from 'node:child_process';

/** How long Claude Code may take to say its version, in ms. */
const limitMs = 20_000;

/** The version that a Claude Code reports, such as `2.1.332`; `unknown` if it does not. */
export function versionOf(claude: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(claude, ['--version'], { timeout: limitMs, env: { PATH: '/usr/bin:/bin' } }, (_error, stdout) => {
      resolve(/^\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown');
    });
  });
}
