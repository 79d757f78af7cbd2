/** The fields of an input that say at a glance what a tool is to do, the most telling first. */
const telling = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt'];

/** A tool's input in one line. */
export function glanceAt(input: unknown): string {
  if (typeof input !== 'object' || input === null) return JSON.stringify(input);
  const fields = input as Readonly<Record<string, unknown>>;
  const name = telling.find((each) => typeof fields[each] === 'string');
  const text = name === undefined ? JSON.stringify(input) : String(fields[name]);
  return text.replaceAll(/\s+/g, ' ').slice(0, 200);
}

/** A tool's input field by field; texts as they are, all else as JSON. */
export function fieldsOf(input: unknown): readonly (readonly [name: string, text: string])[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [['', json(input)]];
  return Object.entries(input).map(([name, value]) => [name, typeof value === 'string' ? value : json(value)] as const);
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);
