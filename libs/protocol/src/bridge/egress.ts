import { egressRefusals, type EventData } from '@remuda/domain';
import { messageFormats } from '../format.js';
import { parseJson } from '../reader/json.js';
import { count, oneOf, shape, text, type Reader } from '../reader/shape.js';

/**
 * What a worker says at the bridge's egress listener: each connection begins with one line. What follows is HTTP, as to
 * a proxy, or with `feed` what the bridge refuses the job from then on, and has refused it before: one line of JSON for
 * each, until the worker ends the connection.
 */
export interface EgressHello {
  readonly token: string;
  readonly feed?: boolean;
}

/** A connection that the bridge refused a job. */
export type EgressRefused = EventData['egress.refused'];

/** The first line, with its end. */
export function writeEgressHello({ token, feed }: EgressHello): string {
  return `${JSON.stringify({ v: messageFormats.own, token, ...(feed === true ? { feed } : {}) })}\n`;
}

/** Parses a refusal; undefined if it is none. */
export const readEgressRefused: Reader<EgressRefused> = shape({
  host: text,
  port: count,
  reason: oneOf(egressRefusals),
});

/** The same for a line of the feed. */
export function readEgressLine(line: string): EgressRefused | undefined {
  return readEgressRefused(parseJson(line));
}
