import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, parseJson } from '@remuda/protocol';

const lookEveryMs = 500;

/**
 * Reports every error that the apps write to their logs in a folder from now on. The returned function checks once more
 * and ends the watch.
 */
export function watchErrors(logDir: string, tell: (line: string) => void): () => Promise<void> {
  const seen = new Map<string, number>();
  let looking = Promise.resolve();
  const look = (): Promise<void> => (looking = looking.then(() => lookAll(logDir, seen, tell)).catch(() => undefined));
  const timer = setInterval(() => void look(), lookEveryMs);
  return async () => {
    clearInterval(timer);
    await look();
  };
}

async function lookAll(logDir: string, seen: Map<string, number>, tell: (line: string) => void): Promise<void> {
  for (const name of await readdir(logDir)) {
    const { text, end } = await readFrom(join(logDir, name), seen.get(name) ?? 0);
    seen.set(name, end);
    for (const line of text.split('\n')) {
      const error = describeError(line);
      if (error !== undefined) tell(error);
    }
  }
}

/** The complete lines after a position in a file, and the next position. */
async function readFrom(path: string, from: number): Promise<{ text: string; end: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - from)), { position: from });
    const whole = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
    return { text: buffer.subarray(0, whole).toString(), end: from + whole };
  } finally {
    await file.close();
  }
}

/** The message of a log line, if it is an error; otherwise undefined. */
export function describeError(line: string): string | undefined {
  const entry = parseJson(line);
  if (!isRecord(entry) || (entry['level'] !== 'error' && entry['level'] !== 'fatal')) return undefined;
  const reason = isRecord(entry['err']) ? entry['err']['message'] : undefined;
  return [`${String(entry['name'])}: ${String(entry['msg'])}`, ...(typeof reason === 'string' ? [reason] : [])].join(
    ': ',
  );
}
