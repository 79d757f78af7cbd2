import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

/** An issuer of tokens of a test's own, by OpenID Connect. */
export interface OidcIssuer extends AsyncDisposable {
  /** What an api needs to trust it. */
  readonly env: Readonly<Record<'REMUDA_JWKS_URL' | 'REMUDA_JWT_ISSUER' | 'REMUDA_JWT_AUDIENCE', string>>;
  /** A token that a client of a tenant gets by its own secret. */
  token(tenant: string, scope: string): Promise<string>;
}

const audience = 'https://remuda.example.com';
const scopes = 'jobs:read jobs:write sessions:read sessions:write admin';

/** Starts an issuer on loopback, with a client for each tenant. */
export async function startOidcIssuer(tenants: readonly string[]): Promise<OidcIssuer> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', alg: 'ES256', use: 'sig' }] },
    clients: tenants.map((tenant) => ({
      ...{ client_id: tenant, client_secret: `secret-of-${tenant}`, grant_types: ['client_credentials'] },
      ...{ redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256' },
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          ...{ scope: scopes, audience, accessTokenFormat: 'jwt', accessTokenTTL: 600 },
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({ tenant: 'clientId' in token ? token.clientId : undefined }),
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    env: { REMUDA_JWKS_URL: `${issuer}/jwks`, REMUDA_JWT_ISSUER: issuer, REMUDA_JWT_AUDIENCE: audience },
    token: async (tenant, scope) => {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${tenant}:secret-of-${tenant}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope }),
      });
      const answer = (await response.json()) as { readonly access_token?: string };
      if (answer.access_token === undefined) throw new Error(`The issuer gave no token: ${JSON.stringify(answer)}`);
      return answer.access_token;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
