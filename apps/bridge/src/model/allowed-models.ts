/** Names by which Claude Code takes whatever model of a family is the newest. */
const families = ['haiku', 'sonnet', 'opus', 'fable'];
/** Names that stand for a model of several families. */
const several: Readonly<Record<string, readonly string[]>> = {
  opusplan: ['opus', 'sonnet'],
  default: families,
  best: families,
};

/** Without the size of its context, which goes in a header, and without the day of its release. */
const plain = (name: string): string => name.replace(/\[[^\]]*\]$/, '').replace(/-\d{8}$/, '');

/** Whether a request for the model `asked` is one for a model that is allowed: the same, or one of a family that an alias allows. */
export function allowsModel(allowed: readonly string[], asked: string): boolean {
  const sought = plain(asked);
  const words = sought.split('-');
  return allowed.map(plain).some((one) => {
    const aliased = several[one] ?? (families.includes(one) ? [one] : []);
    return one === sought || (words[0] === 'claude' && aliased.some((family) => words.includes(family)));
  });
}
