import { STATUS_CODES } from 'node:http';
import type { EgressRefusal, EgressTarget } from '@remuda/domain';

/** Why a request is not carried out. Only those of `EgressRefusal` are the job's own doing. */
export type Refusal =
  EgressRefusal | 'malformed' | 'ended' | 'unresolved' | 'unreachable' | 'unavailable' | 'no_credential';

/** The header that names the reason. */
const reasonHeader = 'x-remuda-refused';

const answers: Readonly<Record<Refusal, { readonly status: number; readonly text: string }>> = {
  not_allowed: { status: 403, text: 'is not among the hosts that this job may reach (egress)' },
  address: { status: 403, text: 'has an address that is not public' },
  server_name: { status: 403, text: 'was asked for another server by TLS' },
  not_tls: { status: 403, text: 'is reached by TLS only' },
  limit: { status: 403, text: 'is not reached any more: the job has transferred all that it may' },
  malformed: { status: 400, text: 'is no host and port' },
  ended: { status: 401, text: 'is not reached: no job is running' },
  unresolved: { status: 502, text: 'has no address' },
  unreachable: { status: 502, text: 'does not answer' },
  no_credential: { status: 502, text: 'needs a credential (egressCredentials) that the bridge does not have' },
  unavailable: { status: 503, text: 'cannot be checked now' },
};

/** Status, headers and body of a refusal. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a request that is not carried out; pure. */
export function refusalAnswer(reason: Refusal, target?: EgressTarget): Answer {
  const { status, text } = answers[reason];
  const body = `remuda: ${target ? `${target.host}:${String(target.port)}` : 'this'} ${text}.\n`;
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      [reasonHeader]: reason,
      connection: 'close',
    },
    body,
  };
}

/** The same as it is written on a connection; pure. */
export function writeRefusal(reason: Refusal, target?: EgressTarget): string {
  const { status, headers, body } = refusalAnswer(reason, target);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`;
}
