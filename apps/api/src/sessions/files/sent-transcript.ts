import { setImmediate } from 'node:timers/promises';
import { RemudaError, TranscriptWatch, type TranscriptFound } from '@remuda/domain';

/** Of a transcript in bytes: it is held in memory, as workers do. */
export const maxTranscriptBytes = 32 * 1024 * 1024;

/** Bytes of lines after which other requests have their turn. */
const breatheBytes = 1024 * 1024;

const newline = 0x0a;

/** A transcript that was sent, without what was cut off, and what is known of it. */
export interface SentTranscript {
  readonly found: TranscriptFound;
  readonly content: Buffer;
}

/** Reads a transcript to its end. Rejects with `transcript.invalid` if it is none, and with `request.too_large`. */
export async function readTranscript(body: AsyncIterable<Uint8Array>): Promise<SentTranscript> {
  const content = await gathered(body);
  const watch = new TranscriptWatch();
  let [from, end, breathed] = [0, 0, 0];
  while (from < content.length) {
    const at = content.indexOf(newline, from);
    const to = at < 0 ? content.length : at;
    const line = content.toString('utf8', from, to);
    if (line.trim() !== '') {
      const fault = watch.next(line);
      if (fault !== undefined) throw invalidTranscript(fault);
      if (watch.isWhole) end = to;
    }
    from = to + 1;
    if (from - breathed < breatheBytes) continue;
    breathed = from;
    await setImmediate();
  }
  const found = watch.end();
  if ('fault' in found) throw invalidTranscript(found.fault);
  return { found, content: Buffer.concat([content.subarray(0, end), Buffer.from('\n')]) };
}

async function gathered(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxTranscriptBytes)
      throw new RemudaError('request.too_large', `A transcript may have ${String(maxTranscriptBytes)} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function invalidTranscript(why: string): RemudaError {
  return new RemudaError('transcript.invalid', `This is no transcript of Claude Code: ${why}.`);
}
