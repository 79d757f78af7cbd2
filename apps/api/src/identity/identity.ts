import type { IncomingMessage } from 'node:http';
import { RemudaError, anyone, type Principal, type Tickets } from '@remuda/domain';
import { readTicket } from './tickets/ticket.js';
import type { TokenCheck } from './token-check.js';

/** The parts of a request that say who sends it. */
type Asking = Pick<IncomingMessage, 'headers' | 'url'>;

/** Finds out who sends a request. */
export class Identity {
  constructor(
    /** Whether a request without a token is anyone's. */
    readonly open: boolean,
    private readonly tokens: Pick<TokenCheck, 'check'>,
    private readonly tickets: Pick<Tickets, 'redeem'>,
  ) {}

  /** Undefined if it has no token and needs one. Rejects with the faults of its token, also where none is needed. */
  async of({ headers, url = '' }: Asking, takesTickets = false): Promise<Principal | undefined> {
    const token = readToken(headers.authorization ?? '', this.open);
    if (token !== undefined) return this.tokens.check(token);
    const ticket = takesTickets ? readTicket(url) : undefined;
    if (ticket !== undefined) return this.redeem(ticket);
    return this.open ? anyone : undefined;
  }

  private async redeem(ticket: string): Promise<Principal> {
    const principal = await this.tickets.redeem(ticket);
    if (principal) return principal;
    throw new RemudaError('token.invalid', 'The ticket is unknown, was used, or is over.');
  }
}

/**
 * The token of an `Authorization` header. A browser that opens the board asks a person for a password, which is the
 * token; where no tokens are needed, a password is not for us but for a proxy.
 */
export function readToken(authorization: string, open: boolean): string | undefined {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (token !== undefined || open) return token;
  const [, basic] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization) ?? [];
  return basic === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':').slice(1).join(':');
}
