import { RemudaError, isScope, isTenantName, type Principal } from '@remuda/domain';
import { errors, jwtVerify, type CryptoKey, type JWTHeaderParameters, type JWTPayload } from 'jose';
import type { JwtPlan } from '../plan-identity.js';
import type { KeySet } from './key-set.js';

/** Signatures that are accepted by a public key. */
const publicAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** How far the clocks of the issuer and of this machine may differ, in s. */
const clockToleranceS = 5;

/** Checks JWTs. They are never issued here. */
export class JwtCheck {
  private readonly secret: Uint8Array | undefined;
  private readonly algorithms: string[];

  constructor(
    private readonly plan: JwtPlan,
    private readonly publicKeys?: Pick<KeySet, 'key'>,
  ) {
    this.secret = plan.secret === undefined ? undefined : new TextEncoder().encode(plan.secret);
    this.algorithms = [...(this.secret ? ['HS256'] : []), ...(publicKeys ? publicAlgorithms : [])];
  }

  /** Whom a token stands for at a time (epoch ms). Rejects with `token.invalid` or `token.unverifiable`. */
  async check(token: string, now: number): Promise<Principal> {
    const { issuer, audience } = this.plan;
    try {
      const { payload } = await jwtVerify(token, (header) => this.key(header), {
        algorithms: this.algorithms,
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
        requiredClaims: ['exp', 'sub'],
        clockTolerance: clockToleranceS,
        currentDate: new Date(now),
      });
      return readClaims(payload, this.plan.tenantClaim);
    } catch (error) {
      throw error instanceof RemudaError ? error : new RemudaError('token.invalid', faultOf(error), { cause: error });
    }
  }

  /** By the algorithm, so that no public key is ever taken for a secret. */
  private async key(header: JWTHeaderParameters): Promise<CryptoKey | Uint8Array> {
    const key = header.alg === 'HS256' ? this.secret : await this.publicKeys?.key(header);
    if (key) return key;
    throw new RemudaError('token.invalid', 'The token is signed by an algorithm that is not accepted.');
  }
}

function readClaims(payload: JWTPayload, tenantClaim: string): Principal {
  const { sub = '', exp = 0, scope } = payload;
  const tenant = payload[tenantClaim];
  if (typeof tenant !== 'string' || !isTenantName(tenant))
    throw new RemudaError(
      'token.invalid',
      `The token's claim ${tenantClaim} must name a tenant: 1 to 63 of A-Z a-z 0-9 _ -.`,
    );
  const words: unknown[] = typeof scope === 'string' ? scope.split(' ') : Array.isArray(scope) ? scope : [];
  return {
    subject: sub.slice(0, 200),
    tenant,
    scopes: words.filter((word) => typeof word === 'string').filter(isScope),
    by: 'jwt',
    expiresAt: (exp + clockToleranceS) * 1_000,
  };
}

/** Says what is wrong with a token, and nothing of what is in it. */
function faultOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf'
      ? 'The token is not valid yet.'
      : `The token's claim ${error.claim} is missing or wrong.`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token is signed by an algorithm that is not accepted.';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is wrong.";
  return 'The token is neither an API key nor a valid JWT.';
}
