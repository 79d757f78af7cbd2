import { domainToASCII } from 'node:url';
import {
  credentialHeaderFault,
  egressCredentialForms,
  maxEgressCredentials,
  readCredentialPlace,
  secretNameFault,
  type EgressCredential,
} from '@remuda/domain';
import type { FieldReader } from '../field-reader.js';

/** Reads the `egressCredentials` of a profile; notes all faults. */
export function readEgressCredentials(reader: FieldReader, value: unknown, at: string): readonly EgressCredential[] {
  if (!Array.isArray(value) || value.length > maxEgressCredentials) {
    reader.fault(at, `expected a list of at most ${String(maxEgressCredentials)} entries`);
    return [];
  }
  return value.map((each, i) => readEntry(reader, each, `${at}[${String(i)}]`));
}

function readEntry(reader: FieldReader, value: unknown, at: string): EgressCredential {
  const entry = reader.object(value, at, ['url', 'secret', 'as', 'header', 'write']);
  const url = reader.text(entry['url'], `${at}.url`) ?? '';
  const secret = reader.text(entry['secret'], `${at}.secret`) ?? '';
  const as = reader.oneOf(entry['as'], `${at}.as`, egressCredentialForms) ?? 'bearer';
  const header = reader.text(entry['header'], `${at}.header`);
  const write = reader.flag(entry['write'], `${at}.write`) ?? false;
  const place = readCredentialPlace(url, domainToASCII);
  if (!place) reader.fault(`${at}.url`, 'expected an https: or http: URL without user, query and fragment');
  const wrongName = secretNameFault(secret);
  if (wrongName !== undefined) reader.fault(`${at}.secret`, wrongName);
  if ((as === 'header') !== (header !== undefined))
    reader.fault(`${at}.header`, 'expected with as: header, and only then');
  const wrongHeader = header === undefined ? undefined : credentialHeaderFault(header);
  if (wrongHeader !== undefined) reader.fault(`${at}.header`, wrongHeader);
  return {
    ...{ url: place ? urlOf(place) : url, secret, as },
    ...(header === undefined ? {} : { header }),
    ...(write ? { write } : {}),
  };
}

/** In the form in which the bridge compares hosts. */
function urlOf({ isSecure, host, port, path }: NonNullable<ReturnType<typeof readCredentialPlace>>): string {
  return `${isSecure ? 'https' : 'http'}://${host}:${String(port)}${path}`;
}
