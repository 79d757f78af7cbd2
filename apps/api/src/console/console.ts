import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Path of the files that the console's page loads. Their names change with what is in them. */
export const consolePath = '/console/';

/** Where `apps/console` is built, seen from this app's source and from its compiled code alike. */
const folder = fileURLToPath(new URL('../../../console/dist/page', import.meta.url));

/** The console's page; undefined where it has not been built. */
export function readConsolePage(): string | undefined {
  const path = join(folder, 'index.html');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Adds the routes of the page's files to the app: one for each file, kept by browsers for a year. */
export async function mountConsole(app: NestFastifyApplication): Promise<void> {
  const root = join(folder, consolePath);
  if (!existsSync(root)) return;
  await app.register(fastifyStatic, {
    root,
    prefix: consolePath,
    wildcard: false,
    index: false,
    decorateReply: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  });
}
