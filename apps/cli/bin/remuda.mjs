#!/usr/bin/env node
/* global console, process, URL */
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

// `fetch` parses HTTP in WebAssembly. Its optimised compilation is of no use before a command ends, and holds up its end.
setFlagsFromString('--liftoff-only');

// The bundle starts sooner; where only the compiler has run, there is none.
const mains = ['../dist/bundle/main.js', '../dist/main.js'].map((path) => new URL(path, import.meta.url));
const main = mains.find((each) => existsSync(each));
if (main !== undefined) await import(main.href);
else {
  console.error('remuda: it is not built yet; run "npm run build" in its repository.');
  process.exitCode = 1;
}
