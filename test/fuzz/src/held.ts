import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Environment by which a Node process tells at a socket how long its event loop is held. */
export const heldEnvironment = (socket: string): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('held-loop.mjs', import.meta.url))}`,
  REMUDA_HELD_SOCKET: socket,
});

/** A line to such a process. */
export interface HeldLoop {
  /** Does something, and gives the longest turn of the other process's event loop meanwhile: processor time in ms. */
  during(work: () => Promise<unknown>): Promise<number>;
  /** How long that process takes to copy so many bytes to memory that was not used before, in ms. */
  copy(bytes: number): Promise<number>;
  close(): void;
}

/** Connects to the process. */
export async function watchLoop(socket: string): Promise<HeldLoop> {
  const line = connect(socket);
  await once(line, 'connect');
  const lines = createInterface({ input: line });
  const ask = async (what: string): Promise<string> => {
    line.write(`${what}\n`);
    const [answer] = (await once(lines, 'line')) as [string];
    return answer;
  };
  return {
    during: async (work) => {
      await ask('begin');
      await work();
      return Number(await ask('end'));
    },
    copy: async (bytes) => Number(await ask(`copy ${String(bytes)}`)),
    close: () => line.destroy(),
  };
}
