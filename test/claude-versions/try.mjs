#!/usr/bin/env node
/* global console, process */
// npm run cli:try -- [VERSION]: what another version of Claude Code than the pinned one offers and says differently, and the
// engine's tests against it. Without a version: the newest. Ends with the exit code of the tests.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { resolveClaude } from '../../libs/engine/dist/index.js';
import { differences, look } from './look.mjs';
import { newestVersion, pinnedVersion, provideVersion } from './provide.mjs';

const root = join(import.meta.dirname, '../..');
const [asked] = process.argv.slice(2);

const version = asked ?? (await newestVersion());
console.log(`cli:try: Claude Code ${version}, beside ${pinnedVersion}`);
const folder = await provideVersion(version);
const [pinned, tried] = [await look(resolveClaude(root)), await look(resolveClaude(folder))];
const lines = differences(pinned, tried);
console.log(lines.length === 0 ? 'the same tools, messages and fields' : lines.join('\n'));

const { status } = spawnSync(
  join(root, 'node_modules/.bin/vitest'),
  ['run', '--project', 'integration', 'test/integration/engine'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, REMUDA_TRY_CLAUDE: version } },
);
process.exitCode = status ?? 1;
