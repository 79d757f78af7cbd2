import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { RemudaError } from '@remuda/domain';

/** A certificate (PEM, with the chain below it) and its key. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Paths of their files. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** The settings that name them. */
  readonly variables: { readonly cert: string; readonly key: string };
}

/** The minimum TLS version. */
export const minTlsVersion = 'TLSv1.2';

/**
 * Reads a certificate and its key. Rejects with `config.invalid` if they cannot be read, are invalid, or do not belong
 * together.
 */
export function readCertificate({ certFile, keyFile, variables }: CertificateFiles): CertificatePair {
  const pair = { cert: readText(certFile, variables.cert), key: readText(keyFile, variables.key) };
  try {
    createSecureContext({ ...pair, minVersion: minTlsVersion });
    return pair;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new RemudaError('config.invalid', `${certFile} and ${keyFile} are not a certificate and its key: ${said}`, {
      cause,
    });
  }
}

/** When a certificate expires, in epoch ms. */
export function endOfCertificate({ cert }: Pick<CertificatePair, 'cert'>): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

function readText(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new RemudaError('config.invalid', `${variable} cannot be read: ${said}`, { cause });
  }
}
