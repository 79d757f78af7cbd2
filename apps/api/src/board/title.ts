/** Maximum number of characters of a prompt in a title. */
const titleChars = 80;

/** Bytes of a prompt to read for its title. */
export const titleBytes = titleChars * 4;

/** A job's title on the board: its id, and the first words of its prompt if they may be shown. */
export function jobTitle(id: string, prompt = ''): string {
  const line = prompt
    .replaceAll(/\s+/g, ' ')
    .replace(/\uFFFD+$/, '')
    .trim();
  const characters = Array.from(line);
  const words = characters.length <= titleChars ? line : `${characters.slice(0, titleChars - 1).join('')}…`;
  return words === '' ? id : `${id} · ${words}`;
}
