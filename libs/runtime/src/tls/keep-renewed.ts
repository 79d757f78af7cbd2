import type { Clock } from '@remuda/domain';
import type { Logger } from '../log.js';
import { endOfCertificate, type CertificatePair } from './certificate.js';

/** What keeping a certificate up to date takes. */
export interface RenewalParts<T extends CertificatePair> {
  /** Reads its files, and what belongs to it. Throws if they are not complete. */
  readonly read: () => T;
  /** The one that is shown at first. */
  readonly first: T;
  /** Has new connections see another one. */
  readonly renew: (certificate: T) => void;
  /** Is called with the end of the one that is shown, in epoch ms: of the first, and of each that replaces it. */
  readonly onEnd?: (end: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the files are checked for a renewed certificate, in ms. */
const lookEveryMs = 10_000;
/** A certificate that ends within so many ms is told of. */
const warnBeforeMs = 7 * 86_400_000;

/**
 * Reloads a certificate whenever its files have changed, until the signal aborts, and warns before it expires. Half-written files are not a
 * certificate yet: the previous one stays in use until they are complete.
 */
export async function keepRenewed<T extends CertificatePair>(
  { read, first, renew, onEnd, clock, log }: RenewalParts<T>,
  signal: AbortSignal,
): Promise<void> {
  let now = first;
  const tell = (certificate: T): void => {
    onEnd?.(endOfCertificate(certificate));
    tellOfEnd(certificate, clock, log);
  };
  const look = (): void => {
    try {
      const next = read();
      if (JSON.stringify(next) === JSON.stringify(now)) return;
      renew(next);
      now = next;
      log.info({ validTo: new Date(endOfCertificate(next)).toISOString() }, 'the certificate was reloaded');
      tell(next);
    } catch (err) {
      log.warn({ err }, 'the certificate could not be reloaded: the previous one stays in use');
    }
  };
  const nap = (): Promise<boolean> =>
    clock.sleep(lookEveryMs, signal).then(
      () => true,
      () => false,
    );
  tell(first);
  while (await nap()) look();
}

function tellOfEnd(certificate: CertificatePair, clock: Clock, log: Logger): void {
  const end = endOfCertificate(certificate);
  const validTo = new Date(end).toISOString();
  if (end < clock.now()) log.error({ validTo }, 'the certificate has expired: nobody will trust it');
  else if (end < clock.now() + warnBeforeMs) log.warn({ validTo }, 'the certificate expires soon');
}
