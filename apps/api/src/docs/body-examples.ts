/** Example bodies on the documentation page: each is accepted. */
type Examples = Readonly<Record<string, { readonly summary: string; readonly value: object }>>;

const prompt = 'Write a haiku about horses into haiku.txt';
const git = { kind: 'git', url: 'https://github.com/octocat/Hello-World.git' };
const outputSchema = {
  type: 'object',
  properties: { lines: { type: 'array', items: { type: 'string' } } },
  required: ['lines'],
};

/** By the operation that accepts them. */
export const bodyExamples = {
  submitJob: {
    prompt: { summary: 'A prompt is enough', value: { prompt } },
    repository: { summary: 'In a repository', value: { prompt: 'Say what this does.', workspace: git, maxTurns: 10 } },
    structured: {
      summary: 'With a result of a given shape',
      value: { prompt: 'A haiku, line by line.', outputSchema },
    },
  },
  submitBatch: { two: { summary: 'Two jobs', value: { jobs: [{ prompt }, { prompt, priority: 1 }] } } },
  createSession: {
    any: { summary: 'In an empty folder', value: {} },
    repository: { summary: 'In a repository', value: { workspace: git, labels: { team: 'search' } } },
  },
  forkSession: {
    last: { summary: 'As it is now', value: {} },
    turn: { summary: 'As it was after its first turn', value: { turn: 1 } },
  },
  submitTurn: {
    next: { summary: 'The next turn', value: { prompt } },
    interrupt: { summary: 'In place of the one under way', value: { prompt: 'Stop, do this.', mode: 'interrupt' } },
    steer: { summary: 'To the one under way', value: { prompt: 'Use tabs.', mode: 'steer' } },
  },
  cancelJob: { reason: { summary: 'With a reason', value: { reason: 'Changed my mind.' } } },
  redriveJobs: {
    filter: { summary: 'All that match a filter', value: { filter: { class: 'infrastructure' }, limit: 10 } },
  },
  pause: { reason: { summary: 'With a reason', value: { reason: 'A new kernel.' } } },
  drain: { limit: { summary: 'With a limit', value: { limitMs: 600_000, reason: 'A new kernel.' } } },
  drainWorker: { limit: { summary: 'With a limit', value: { limitMs: 600_000 } } },
} satisfies Readonly<Record<string, Examples>>;
