import { createHash } from 'node:crypto';
import { RemudaError, type Clock, type Principal } from '@remuda/domain';
import { readApiKey } from '@remuda/runtime';
import type { JwtCheck } from './jwt/jwt-check.js';
import type { KeyCheck } from './key-check.js';

/** How long the answer for a JWT is used again, in ms: a key that its issuer withdraws counts for so long. */
const againMs = 60_000;
/** Maximum number of answers that are kept. */
const most = 2_000;

interface Answer {
  readonly principal: Principal;
  readonly until: number;
}

/** Tells whom a token stands for: an API key, or a JWT, whose answer is kept for a while, by the token's hash. */
export class TokenCheck {
  private readonly answers = new Map<string, Answer>();

  constructor(
    private readonly keys: KeyCheck,
    private readonly jwts: JwtCheck | undefined,
    private readonly clock: Clock,
  ) {}

  /** Rejects with `token.invalid`, `token.unverifiable` or `redis.unavailable`. */
  async check(token: string): Promise<Principal> {
    const key = readApiKey(token);
    if (key) return this.keys.check(key);
    if (!this.jwts) throw new RemudaError('token.invalid', 'The token is no API key, and JWTs are not accepted here.');
    return this.jwt(token, this.jwts);
  }

  private async jwt(token: string, jwts: JwtCheck): Promise<Principal> {
    const hash = createHash('sha256').update(token).digest('base64');
    const kept = this.answers.get(hash);
    if (kept && this.isValid(kept)) return kept.principal;
    const principal = await jwts.check(token, this.clock.now());
    if (this.answers.size >= most) this.answers.clear();
    this.answers.set(hash, { principal, until: this.clock.monotonic() + againMs });
    return principal;
  }

  private isValid({ principal, until }: Answer): boolean {
    return this.clock.monotonic() < until && this.clock.now() < (principal.expiresAt ?? Infinity);
  }
}
