// The entry of npm's scripts, on a bare machine as well: sets up what is missing, then goes on in compiled code.
import { describeModel } from './model-choice.mjs';
import { build, installDependencies } from './set-up.mjs';

const [what, ...words] = process.argv.slice(2);

switch (what) {
  case 'dependencies':
    installDependencies();
    break;
  case 'build':
    installDependencies();
    build(...words);
    break;
  case 'demo':
  case 'start':
    console.log(describeModel(process.env));
    installDependencies();
    build();
    await import(new URL('../dist/main.js', import.meta.url).href);
    break;
  default:
    console.error(`launch: expected dependencies, build, demo or start, got ${what ?? 'nothing'}`);
    process.exitCode = 2;
}
