#!/usr/bin/env node
/* global console, process, URL */
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error('remuda: it is not built yet; run "npm run build" in its repository.');
  process.exitCode = 1;
}
