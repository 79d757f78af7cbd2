import { limits } from '../limits.js';

/** How many seconds a client is ready to wait (`Prefer: wait=N`, RFC 7240), at most 600; an invalid value counts as none. */
export function readWait(prefer: string | undefined): number | undefined {
  const wanted = prefer?.split(',').map((part) => /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(part)?.[1]);
  const seconds = wanted?.find((value) => value !== undefined);
  return seconds === undefined ? undefined : Math.min(Number(seconds), limits.waitS);
}
