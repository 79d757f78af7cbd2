import { RemudaError } from '@remuda/domain';

/** Where a list continues: below this time, and among equal times below this id. */
export interface ListCursor {
  readonly at: number;
  readonly id: string;
}

/** Writes an opaque cursor for clients. */
export function encodeCursor({ at, id }: ListCursor): string {
  return Buffer.from(`${String(at)}:${id}`).toString('base64url');
}

/** Parses a cursor; an invalid one is `cursor.invalid`. */
export function decodeCursor(text: string): ListCursor {
  const match = /^(\d{1,16}):([a-z0-9-]{1,63})$/.exec(Buffer.from(text, 'base64url').toString());
  if (!match?.[1] || !match[2] || encodeCursor({ at: Number(match[1]), id: match[2] }) !== text)
    throw new RemudaError('cursor.invalid', 'The cursor is not valid.', {
      faults: [{ path: 'cursor', message: 'take it from nextCursor of the page before' }],
    });
  return { at: Number(match[1]), id: match[2] };
}
