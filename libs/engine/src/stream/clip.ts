/** A text of at most `maxBytes` bytes of UTF-8, without splitting a character. */
export function clip(text: string, maxBytes: number): { readonly text: string; readonly clipped: boolean } {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return { text, clipped: false };
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { text: bytes.toString('utf8', 0, end), clipped: true };
}
