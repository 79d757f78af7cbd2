import { credentialHeader, credentialWay, type EgressTarget, type SecretVault } from '@remuda/domain';
import type { BridgeGrant } from '@remuda/protocol';
import type { PlainTarget } from './target.js';

/** How a plain request reaches a host for which there are credentials. */
export interface Way {
  readonly port: number;
  readonly isSecure: boolean;
  /** The `Host` header. */
  readonly host: string;
  /** The credential, if the request gets one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates that are trusted instead of the usual ones. */
  readonly ca?: string;
}

/** Dependencies of finding a way. */
export interface WayParts {
  readonly vault: SecretVault;
  /** Certificates that are trusted instead of the usual ones. */
  readonly ca?: string | undefined;
}

/** Where a plain request is to go: undefined to where it says; the target is what has to be allowed. */
export function placeOf(
  target: PlainTarget,
  method: string,
  { credentials }: Pick<BridgeGrant, 'credentials'>,
): ReturnType<typeof credentialWay> {
  return credentials && credentialWay({ ...target, method }, credentials.list);
}

/** The way of an admitted request, with its credential; undefined if that is missing, or cannot be part of a request. */
export async function wayTo(
  { place, credential }: NonNullable<ReturnType<typeof placeOf>>,
  { credentials }: Pick<BridgeGrant, 'credentials'>,
  { vault, ca }: WayParts,
): Promise<Way | undefined> {
  const { host: name, port, isSecure } = place;
  const host = port === (isSecure ? 443 : 80) ? name : `${name}:${String(port)}`;
  const way = { port, isSecure, host, ...(ca === undefined ? {} : { ca }) };
  if (!credential || !credentials) return { ...way, headers: {} };
  const secret = await vault.find(credentials.tenant, credential.secret).catch(() => undefined);
  const header = secret === undefined ? undefined : credentialHeader(credential, secret, toBase64);
  return header && { ...way, headers: Object.fromEntries([header]) };
}

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * The address to which the server sends a job on, in the form in which the job reaches it by the bridge; undefined if it is
 * another place.
 */
export function sentBack(location: string | undefined, target: EgressTarget, way: Way): string | undefined {
  const origin = `${way.isSecure ? 'https' : 'http'}://${way.host}/`;
  if (location?.toLowerCase().startsWith(origin) !== true) return undefined;
  const at = target.port === 80 ? target.host : `${target.host}:${String(target.port)}`;
  return `http://${at}/${location.slice(origin.length)}`;
}
