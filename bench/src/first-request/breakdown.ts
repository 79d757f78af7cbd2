import type { WayOfAJob } from './through-cluster.js';

const steps = [
  ['queued', 'POST sent -> checked by the API'],
  ['claimed', 'checked -> claimed, with a worker for it'],
  ['started', 'claimed -> assignment at the worker'],
  ['message', 'assignment at the worker -> Claude Code says it has the message'],
  ['atBridge', 'Claude Code has the message -> request at the bridge'],
  ['atModel', 'request at the bridge -> at the model'],
] as const satisfies readonly (readonly [keyof WayOfAJob, string])[];

/** Where the time of jobs went, step by step. Steps but the first and last end at whole ms: look at several rounds. */
export function breakdown(ways: readonly WayOfAJob[]): readonly { readonly what: string; readonly values: number[] }[] {
  return steps.map(([step, what], i) => {
    const before = steps[i - 1]?.[0];
    return {
      what: `  ${i + 1}. ${what}`,
      values: ways.map((way) => way[step] - (before === undefined ? 0 : way[before])),
    };
  });
}
