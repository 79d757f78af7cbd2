import type { Socket } from 'node:net';

/**
 * Passes bytes on in both directions until each ends; if one side is gone, the other is closed after its pending data
 * was written.
 */
export function joinLines(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.once('close', () => {
      other.destroySoon();
    });
  }
  if (near.destroyed) far.destroy();
}
