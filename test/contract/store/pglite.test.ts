import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { archiveContract } from './archive.contract.js';
import { openStore } from './open-store.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-store-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

archiveContract('The one in PGlite', () => openStore({ folder }));
