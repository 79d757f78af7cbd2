/** The owner of a token. */
export interface PodClaims {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: { readonly name: string; readonly uid: string };
}

/** The parts of the API server's answer about a token that are used here. */
export interface TokenStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user?: {
    readonly username?: string;
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

/** The pod of a token that the API server accepted, or why it is not accepted here. Pure. */
export function readClaims(
  { authenticated, error = '', audiences = [], user = {} }: TokenStatus,
  audience: string,
): PodClaims | string {
  if (authenticated !== true)
    return error === '' ? 'it does not belong to this cluster, or has expired' : shortened(error);
  // An API server without support for audiences would accept a token for another audience.
  if (!audiences.includes(audience)) return `it was not issued for the audience ${audience}`;
  const [, namespace, serviceAccount] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user.username ?? '') ?? [];
  if (namespace === undefined || serviceAccount === undefined) return 'it belongs to no service account';
  const [name, uid] = ['pod-name', 'pod-uid'].map(
    (claim) => user.extra?.[`authentication.kubernetes.io/${claim}`]?.[0],
  );
  if (!name || !uid) return 'it is bound to no pod: expected the token of a projected volume';
  return { namespace, serviceAccount, pod: { name, uid } };
}

/** The API server's message is returned to the token's holder: only a part of it. */
const shortened = (text: string): string => text.slice(0, 200);
