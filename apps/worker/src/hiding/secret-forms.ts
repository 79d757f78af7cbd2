import type { Secrets } from '@remuda/domain';

/** One encoding of a secret. */
export interface SecretForm {
  readonly name: string;
  readonly text: string;
  /** Whether it may contain line breaks anywhere: programs that write base64 break its lines. */
  readonly broken: boolean;
}

/** Shorter secrets are not searched for: they would match everywhere. */
export const leastChars = 4;
/** Single lines of a multi-line secret are searched for from this length on. */
const leastLineChars = 8;

/** All encodings of a job's secrets to search for, longest first. */
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

/** As in a URL's query or a form's body: programs differ in what they encode, and how. */
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

/** As in a JSON string, and in a JSON string within another. */
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

/**
 * The part of an encoding within a longer encoded text that does not depend on its neighbours: one for each of the
 * three alignments.
 */
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
