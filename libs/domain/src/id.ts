/** Ids are ours and go into Redis keys, ACL patterns, container names and paths: nothing else may. */
export const idPattern = /^[a-z0-9-]{1,63}$/;

/** Whether the text can be an id of ours. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}
