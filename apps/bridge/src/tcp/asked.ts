import type { IncomingHttpHeaders } from 'node:http';
import { isId } from '@remuda/domain';
import { bridgeUpgrade, listenerOfPath, readProof, type BridgeListener, type WorkerProof } from '@remuda/protocol';

/** What a connection asks for that a worker opened. */
export interface Asked {
  readonly listener: BridgeListener;
  readonly proof: WorkerProof;
}

/** Why a connection is not let in, with the HTTP status that says so. */
export const turnedAway = {
  /** It is no request for a listener. */
  malformed: 400,
  /** It does not say who it is, or that is not so. */
  unproven: 401,
  /** It comes from a page in a browser. */
  page: 403,
  /** There is no such listener. */
  unknown: 404,
  /** It does not ask to change to our protocol. */
  no_upgrade: 426,
  /** The worker has as many connections to this listener as it may have. */
  share: 429,
  /** Redis does not answer, or the bridge is shutting down. */
  unavailable: 503,
} as const;

/** A reason why a connection is not let in. */
export type TurnedAway = keyof typeof turnedAway;

/** A request as far as it matters here. */
export interface AskedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Reads what a connection asks for. No worker is a page in a browser: what only a browser sends is turned away, whoever it names. */
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
