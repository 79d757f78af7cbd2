/** An answer of the api as `openapi-fetch` has it. */
export interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** A body that is sent as it is. */
export const asItIs = {
  headers: { 'content-type': 'application/octet-stream' },
  bodySerializer: (body: unknown) => body as string,
};

/** The content of an answer; an empty one has no stream. */
export function contentOf(data: ReadableStream<Uint8Array> | null | undefined): ReadableStream<Uint8Array> {
  return data ?? new Blob([]).stream();
}
