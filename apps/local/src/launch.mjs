// The entry of npm's scripts, on a bare machine as well: sets up what is missing, then goes on in compiled code.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeModel } from './model-choice.mjs';
import { build, installDependencies } from './set-up.mjs';
import { whenStarterGone } from './starter.mjs';

const [what, ...words] = process.argv.slice(2);
whenStarterGone(() => process.kill(process.pid, 'SIGTERM'), process.env);

switch (what) {
  case 'dependencies':
    await setUp(installDependencies);
    break;
  case 'build':
    await setUp(installDependencies, () => build(...words));
    break;
  case 'demo':
  case 'start':
    console.log(describeModel(process.env));
    await setUp(installDependencies, build);
    await import(new URL('../dist/main.js', import.meta.url).href);
    break;
  case 'keys': {
    await setUp(installDependencies, build);
    const main = fileURLToPath(new URL('../../api/dist/keys/main.js', import.meta.url));
    process.exitCode = spawnSync(process.execPath, [main, ...words], { stdio: 'inherit' }).status ?? 1;
    break;
  }
  default:
    console.error(`launch: expected dependencies, build, demo, start or keys, got ${what ?? 'nothing'}`);
    process.exitCode = 2;
}

/**
 * Takes the steps in turn; ends this process where one fails, with what it says.
 *
 * @param {readonly (() => Promise<void>)[]} steps
 */
async function setUp(...steps) {
  try {
    for (const step of steps) await step();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
