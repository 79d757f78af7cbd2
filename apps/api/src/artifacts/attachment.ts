/**
 * The value of `Content-Disposition` with which a browser saves a file, by the last name of its path, and never shows it
 * (RFC 6266).
 */
export function attachment(path: string): string {
  const name = path.split('/').at(-1) ?? '';
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, '_');
  const encoded = encodeURIComponent(Buffer.from(name).toString()).replaceAll(/['()*]/g, percent);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

const percent = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
