/** A text that PostgreSQL can hold: without NUL, and with whole characters only. */
export function plainText(text: string): string {
  return Buffer.from(text.replaceAll('\u0000', '\ufffd')).toString();
}

/** Longest text that is indexed, in characters: the index of one row must stay below a megabyte. */
const maxIndexed = 50_000;

/** The words by which a job is found: the beginning of its prompt and of its result. */
export function searchText(prompt: string, result: string): string {
  return plainText(`${prompt.slice(0, maxIndexed)}\n${result.slice(0, maxIndexed)}`);
}
