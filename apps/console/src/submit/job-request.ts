import type { JobRequest } from '@remuda/client';

/** The form as it was filled in: every field is a text. */
export interface Draft {
  readonly prompt: string;
  readonly profile: string;
  readonly model: string;
  readonly url: string;
  readonly ref: string;
  readonly budget: string;
  readonly priority: string;
  readonly labels: string;
  readonly schema: string;
}

export const emptyDraft: Draft = {
  prompt: '',
  profile: '',
  model: '',
  url: '',
  ref: '',
  budget: '',
  priority: '',
  labels: '',
  schema: '',
};

/** What of a form cannot be a job. */
export interface DraftFault {
  readonly field: keyof Draft;
  readonly message: string;
}

const longestTitle = 100;

/** The job of a form; or what is wrong with it that the api could not say, since it has no form for it. */
export function toJobRequest(draft: Draft): JobRequest | readonly DraftFault[] {
  const labels = readLabels(draft.labels);
  const schema = readSchema(draft.schema);
  const faults = [labels, schema].filter((part): part is DraftFault => 'message' in part);
  if (faults.length > 0) return faults;
  const title = titleOf(draft.prompt);
  return {
    prompt: draft.prompt,
    ...given('profile', draft.profile),
    ...given('model', draft.model),
    ...(draft.url.trim() === ''
      ? {}
      : { workspace: { kind: 'git' as const, url: draft.url.trim(), ...given('ref', draft.ref) } }),
    // The api says what is wrong with a number.
    ...(draft.budget.trim() === '' ? {} : { maxBudgetUsd: Number(draft.budget) }),
    ...(draft.priority.trim() === '' ? {} : { priority: Number(draft.priority) }),
    ...labels,
    ...schema,
    ...(title === '' ? {} : { metadata: { title } }),
  };
}

/** A field that was filled in. */
function given<K extends string>(name: K, text: string): Partial<Record<K, string>> {
  const fields: Partial<Record<string, string>> = text.trim() === '' ? {} : { [name]: text.trim() };
  return fields;
}

/** What lists call the job: they do not have its prompt. */
function titleOf(prompt: string): string {
  const line = prompt.trim().split('\n', 1)[0]?.trim() ?? '';
  const characters = Array.from(line);
  return characters.length <= longestTitle ? line : `${characters.slice(0, longestTitle - 1).join('')}…`;
}

function readLabels(text: string): { labels?: Record<string, string> } | DraftFault {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !word.includes(':', 1));
  if (wrong !== undefined) return { field: 'labels', message: `${wrong} is not name:value` };
  const labels = words.map((word) => [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)] as const);
  return labels.length === 0 ? {} : { labels: Object.fromEntries(labels) };
}

function readSchema(text: string): { outputSchema?: Record<string, unknown> } | DraftFault {
  if (text.trim() === '') return {};
  try {
    const schema = JSON.parse(text) as unknown;
    if (typeof schema === 'object' && schema !== null) return { outputSchema: schema as Record<string, unknown> };
    return { field: 'schema', message: 'A schema is a JSON object.' };
  } catch (error) {
    return { field: 'schema', message: (error as Error).message };
  }
}

/** The field of the form that a fault of the api is about, by the fault's path; the prompt where there is none. */
export function fieldOf(path: string): keyof Draft {
  if (path.startsWith('workspace.ref')) return 'ref';
  if (path.startsWith('workspace')) return 'url';
  if (path.startsWith('labels')) return 'labels';
  if (path.startsWith('outputSchema')) return 'schema';
  if (path === 'maxBudgetUsd') return 'budget';
  return path === 'profile' || path === 'model' || path === 'priority' ? path : 'prompt';
}
