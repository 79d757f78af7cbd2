/** Our ids are used in Redis keys, ACL patterns, container names and paths; no other text may be. */
export const idPattern = /^[a-z0-9-]{1,63}$/;

/** Whether the text can be one of our ids. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}
