import { scopes, type Scope } from '@remuda/domain';
import { SignJWT, type JWTPayload } from 'jose';

/** A secret of JWTs, as the api is told of it. */
export const jwtSecret = 'a secret of these tests, and of no other ones';

/** A JWT that an issuer with the secret might have signed: valid for an hour, of a tenant, with all scopes. */
export function signJwt(
  tenant: string,
  own: JWTPayload & { readonly scope?: string | readonly Scope[] } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: `someone of ${tenant}`, tenant, scope: scopes.join(' '), exp: now + 3_600, ...own };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(jwtSecret));
}

/** The header that has a token. */
export const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });
