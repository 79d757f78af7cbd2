import type { ServerHttp2Stream } from 'node:http2';
import { isRecord, parseJson } from '@remuda/protocol';
import { maxQuestionBytes } from './wire.js';

/** The JSON object in a stream. Rejects if it is invalid or too large. */
export async function questionOf(stream: ServerHttp2Stream): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > maxQuestionBytes) throw new Error(`a question must have at most ${String(maxQuestionBytes)} bytes`);
  }
  const question = parseJson(Buffer.concat(chunks).toString('utf8'));
  if (!isRecord(question)) throw new Error('a question must be a JSON object');
  return question;
}
