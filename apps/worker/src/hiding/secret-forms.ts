import type { Secrets } from '@remuda/domain';

/** One way in which a secret may be written. */
export interface SecretForm {
  readonly name: string;
  readonly text: string;
  /** Whether line breaks may stand anywhere in it: programs that write base64 break its lines. */
  readonly broken: boolean;
}

/** A secret of fewer characters is not looked for: it would be found everywhere. */
export const leastChars = 4;
/** A line of a secret with several is looked for by itself from this length on. */
const leastLineChars = 8;

/** All ways of writing a job's secrets that are looked for, the longest first. */
export function formsOf(secrets: Secrets): readonly SecretForm[] {
  const forms = Object.entries(secrets)
    .filter(([, value]) => value.length >= leastChars)
    .flatMap(([name, value]) => [
      ...[...texts(value)].map((text) => ({ name, text, broken: false })),
      ...[...base64Texts(value)].map((text) => ({ name, text, broken: true })),
    ]);
  return forms.filter(({ text }) => text.length >= leastChars).sort((a, b) => b.text.length - a.text.length);
}

function texts(value: string): ReadonlySet<string> {
  const wholes = [...new Set([value, value.trim()])];
  const lines = value.split(/\r?\n/).filter((line) => line.length >= leastLineChars);
  return new Set([
    ...wholes.flatMap((whole) => [whole, ...urlTexts(whole), ...jsonTexts(whole), ...hexTexts(whole)]),
    ...(lines.length > 1 ? lines : []),
  ]);
}

/** As the query of a URL or the body of a form has it: programs differ in what they encode, and how. */
function urlTexts(value: string): readonly string[] {
  const loose = encodeURIComponent(Buffer.from(value).toString());
  const strict = loose.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const upper = [loose, strict].flatMap((text) => [
    ...[text, text.replaceAll('%2F', '/')],
    ...[text.replaceAll('%20', '+'), text.replaceAll('%20', '+').replaceAll('%2F', '/')],
  ]);
  const all = Buffer.from(value).toString('hex').replace(/../g, '%$&');
  return [
    ...upper,
    ...upper.map((text) => text.replace(/%../g, (code) => code.toLowerCase())),
    ...[all, all.toUpperCase()],
  ];
}

/** As a JSON text has it, and a JSON text within another. */
function jsonTexts(value: string): readonly string[] {
  const plain = inJson(value);
  const ascii = plain.replace(/[\u007f-\uffff]/g, escaped);
  return [plain, ascii, plain.replaceAll('/', '\\/'), plain.replace(/[<>&]/g, escaped), inJson(plain), inJson(ascii)];
}

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);
const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

function hexTexts(value: string): readonly string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.toUpperCase()];
}

/** Of what stands in a longer text that was encoded, the part that does not depend on its neighbours: three, one for each place. */
function base64Texts(value: string): ReadonlySet<string> {
  const wholes = [...new Set([value, value.trim()])].map((text) => Buffer.from(text));
  const found = wholes.flatMap((bytes) => [
    ...[bytes.toString('base64'), bytes.toString('base64url')],
    ...[0, 1, 2].map((before) => {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    }),
  ]);
  return new Set(found.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]));
}
