import { RemudaError } from '@remuda/domain';
import type { ApiSettings } from '../settings.js';

/** How JWTs are checked. */
export interface JwtPlan {
  /** Checks HS256 tokens. */
  readonly secret?: string;
  /** Has the public keys that check all others. */
  readonly jwksUrl?: URL;
  readonly issuer?: string;
  readonly audience?: string;
  /** Name of the claim with the tenant. */
  readonly tenantClaim: string;
}

/** How requests are identified. */
export interface IdentityPlan {
  /** Whether a request without a token is anyone's, with all scopes. */
  readonly open: boolean;
  /** Whether others than the users of this machine may reach the api without a token. */
  readonly exposed: boolean;
  readonly jwt?: JwtPlan;
}

type Asked = Pick<ApiSettings, 'host' | 'hosts' | 'tokens' | 'allowNoTokens'> & JwtSettings;
type JwtSettings = Pick<ApiSettings, 'jwtSecret' | 'jwksUrl' | 'jwtIssuer' | 'jwtAudience' | 'jwtTenantClaim'>;

/** Tokens are needed if JWTs are configured, or if `REMUDA_API_TOKENS` says so. Throws `config.invalid`. */
export function planIdentity(settings: Asked): IdentityPlan {
  const jwt = planJwt(settings);
  if (jwt && settings.tokens === false)
    throw invalid('REMUDA_API_TOKENS=0 cannot be combined with REMUDA_JWT_SECRET or REMUDA_JWKS_URL');
  const isOpen = !(settings.tokens ?? jwt !== undefined);
  const reach = reachOf(settings);
  if (isOpen && reach !== undefined && !settings.allowNoTokens)
    throw invalid(
      `${reach}, and no tokens are needed: anyone there could submit jobs and steer the cluster. Set REMUDA_API_TOKENS=1 (and create API keys), or REMUDA_JWT_SECRET or REMUDA_JWKS_URL; or REMUDA_ALLOW_NO_TOKENS=1 if something else keeps others out`,
    );
  return { open: isOpen, exposed: isOpen && reach !== undefined, ...(jwt ? { jwt } : {}) };
}

/** How others than the users of this machine may reach the api; undefined if they cannot. */
function reachOf({ host, hosts }: Pick<Asked, 'host' | 'hosts'>): string | undefined {
  if (!isLoopback(host)) return `REMUDA_API_HOST=${host} is no loopback address`;
  return hosts.length > 0 ? `REMUDA_API_HOSTS names ${hosts.join(', ')}, as behind a proxy` : undefined;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

function planJwt({ jwtSecret, jwksUrl, jwtIssuer, jwtAudience, jwtTenantClaim }: JwtSettings): JwtPlan | undefined {
  const checks = { ...(jwtIssuer ? { issuer: jwtIssuer } : {}), ...(jwtAudience ? { audience: jwtAudience } : {}) };
  if (jwtSecret === undefined && jwksUrl === undefined) {
    if (Object.keys(checks).length === 0) return undefined;
    throw invalid('REMUDA_JWT_ISSUER and REMUDA_JWT_AUDIENCE need REMUDA_JWT_SECRET or REMUDA_JWKS_URL');
  }
  // An issuer's keys also sign tokens for others.
  if (jwksUrl && !(jwtIssuer && jwtAudience))
    throw invalid('REMUDA_JWKS_URL needs REMUDA_JWT_ISSUER and REMUDA_JWT_AUDIENCE');
  return {
    ...(jwtSecret === undefined ? {} : { secret: jwtSecret }),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    ...checks,
    tenantClaim: jwtTenantClaim,
  };
}

const invalid = (message: string): RemudaError => new RemudaError('config.invalid', message);
