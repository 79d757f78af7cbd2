/** A character that is shown as nothing, and that Claude Code's input neither strips nor takes for the start of a command. */
const blank = '\u2800';

/** Control characters that would act on a terminal, or end the paste: all but line feed and tab. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * A prompt as it can be pasted into Claude Code's terminal; pure. Control characters become their pictures (`\u241b` for
 * escape), so that nothing in a prompt can end the paste or act on the terminal. A prompt that would be a command (`/`,
 * `!`), a note (`#`) or help (`?`) begins with a blank character, and one that ends with a backslash or a word for which
 * Claude Code suggests completions ends with a space. Never empty.
 */
export function pasted(prompt: string): string {
  // half a surrogate pair becomes U+FFFD
  const text = Buffer.from(prompt, 'utf8').toString('utf8').replace(/\r\n?/g, '\n').replace(controls, pictureOf).trim();
  const begun = text === '' || /^[/!#?&]/.test(text) ? `${blank}${text}` : text;
  return /(\\|[@/]\S*)$/.test(begun) ? `${begun} ` : begun;
}

/** Unicode has pictures of the first 32 and of delete; the later ones are written as their number. */
function pictureOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `\\x${code.toString(16)}`;
}
