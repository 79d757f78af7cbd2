import type { IncomingHttpHeaders } from 'node:http';
import { isId } from '@remuda/domain';
import { bridgeUpgrade, listenerOfPath, readProof, type BridgeListener, type WorkerProof } from '@remuda/protocol';

/** The listener that a worker's connection asks for. */
export interface Asked {
  readonly listener: BridgeListener;
  readonly proof: WorkerProof;
}

/** Why a connection is refused, with the HTTP status. */
export const turnedAway = {
  /** It is not a request for a listener. */
  malformed: 400,
  /** It has no identity, or cannot prove it. */
  unproven: 401,
  /** It comes from a page in a browser. */
  page: 403,
  /** There is no such listener. */
  unknown: 404,
  /** It does not ask to upgrade to our protocol. */
  no_upgrade: 426,
  /** The worker has reached its limit of connections to this listener. */
  share: 429,
  /** Redis does not answer, or the bridge is shutting down. */
  unavailable: 503,
} as const;

/** A reason for refusing a connection. */
export type TurnedAway = keyof typeof turnedAway;

/** The relevant parts of a request. */
export interface AskedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Reads what a connection asks for. Workers are not browsers: headers that only browsers send are refused, whatever
 * identity they claim.
 */
export function readAsked({ method, url, headers }: AskedRequest): Asked | TurnedAway {
  if (headers.origin !== undefined || Object.keys(headers).some((name) => name.startsWith('sec-fetch-'))) return 'page';
  if (headers.upgrade?.toLowerCase() !== bridgeUpgrade) return 'no_upgrade';
  if (method !== 'GET' || headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined)
    return 'malformed';
  const proof = readProof(headers.authorization ?? '');
  if (proof === undefined || !isId(proof.worker)) return 'unproven';
  const listener = listenerOfPath(url ?? '');
  return listener === undefined ? 'unknown' : { listener, proof };
}
