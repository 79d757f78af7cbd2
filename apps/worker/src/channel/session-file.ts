import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelPlace } from './open-channel.js';
import type { SessionMemory } from './owners-engine.js';

const sessionIds = /^[0-9a-f-]{36}$/;

/** Keeps a conversation's id beside the channel: `{name}.session`. */
export function sessionFile({ folder, name }: ChannelPlace): SessionMemory {
  const path = join(folder, `${name}.session`);
  return {
    read: async () => {
      const id = (await readFile(path, 'utf8').catch(() => '')).trim();
      return sessionIds.test(id) ? id : undefined;
    },
    write: async (sessionId) => {
      await writeFile(`${path}.tmp`, `${sessionId}\n`);
      await rename(`${path}.tmp`, path);
    },
  };
}
