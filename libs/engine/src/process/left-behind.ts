/** Programs that a warning names; a fork bomb has thousands of processes. */
const mostNamed = 5;

/**
 * What a person is told of the processes that a job has left behind, from the programs of at least one. A job chooses
 * the names of its programs, so only plain characters of them are kept.
 */
export function leftBehind(programs: readonly string[]): string {
  const names = [...new Set(programs.map((one) => one.replace(/[^\w.+-]/g, '?')))].sort();
  const named = `${names.slice(0, mostNamed).join(', ')}${names.length > mostNamed ? ' and others' : ''}`;
  return programs.length === 1
    ? `1 process that the job had started was still running after its result and was killed (${named}).`
    : `${String(programs.length)} processes that the job had started were still running after its result and were killed (${named}).`;
}
