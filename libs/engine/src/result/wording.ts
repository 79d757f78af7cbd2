type Node = Readonly<Record<string, unknown>>;

/** Maximum length of the text about one keyword. */
const maxNoteLength = 1_000;

/** A schema whose description states what its keywords no longer enforce. */
export function withNote(schema: Node, leftOut: Node): Node {
  const said = Object.entries(leftOut).map(([key, value]) => {
    const text = `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    return text.length > maxNoteLength ? `${JSON.stringify(key)}: …` : text;
  });
  if (said.length === 0) return schema;
  const note = `The value must also satisfy, as JSON Schema: {${said.join(', ')}}`;
  const { description } = schema;
  return { ...schema, description: typeof description === 'string' ? `${description}\n${note}` : note };
}

/** Whether it is a pattern that compiles with the flag `u`. */
export function fitsUnicode(pattern: unknown): boolean {
  if (typeof pattern !== 'string') return false;
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}
