import type { JobEvent } from '@remuda/client';

/** How much a note of the timeline matters. */
export type Tone = 'plain' | 'good' | 'warn' | 'bad';

/** What stands in the timeline: one or two events of the job, as a person reads them. */
export type Item =
  /** Text of Claude Code, its thinking, or what a person said to it meanwhile. */
  | { readonly kind: 'text' | 'thinking' | 'said'; readonly id: number; readonly at: number; readonly text: string }
  /** Text that is being said, token by token. */
  | { readonly kind: 'draft'; readonly id: number; readonly at: number; readonly text: string }
  | ToolItem
  | { readonly kind: 'note'; readonly id: number; readonly at: number; readonly tone: Tone; readonly text: string };

/** A call of a tool, with what it returned as soon as it has. */
export interface ToolItem {
  readonly kind: 'tool';
  readonly id: number;
  readonly at: number;
  readonly call: string;
  readonly name: string;
  readonly input: unknown;
  readonly end?: {
    readonly at: number;
    readonly how: 'ok' | 'failed' | 'denied';
    readonly output: string;
    readonly truncated: boolean;
  };
}

/** The items in order, and the id of the last event in them. */
export interface Timeline {
  readonly items: readonly Item[];
  readonly last: number;
}

export const emptyTimeline: Timeline = { items: [], last: 0 };

/** The timeline with further events. Items that they do not touch stay the same objects. Events that are in it already are left out. */
export function addEvents({ items, last }: Timeline, events: readonly JobEvent[]): Timeline {
  const next = [...items];
  let id = last;
  for (const event of events) {
    if (event.id <= id) continue;
    id = event.id;
    add(next, event);
  }
  return { items: next, last: id };
}

function add(items: Item[], event: JobEvent): void {
  const { id, at } = event;
  const said = items.at(-1);
  switch (event.type) {
    case 'message.delta':
      if (said?.kind === 'draft') items[items.length - 1] = { ...said, text: said.text + event.data.text };
      else items.push({ kind: 'draft', id, at, text: event.data.text });
      return;
    case 'message.text':
    case 'message.thinking': {
      // The whole text replaces what came of it token by token.
      if (said?.kind === 'draft') items.pop();
      const kind = event.type === 'message.text' ? 'text' : 'thinking';
      if (event.data.text.trim() !== '') items.push({ kind, id, at, text: event.data.text });
      return;
    }
    case 'turn.steered':
      items.push({ kind: 'said', id, at, text: event.data.text });
      return;
    case 'tool.called':
      items.push({ kind: 'tool', id, at, call: event.data.id, name: event.data.name, input: event.data.input });
      return;
    case 'tool.returned': {
      const { ok, output, truncated = false } = event.data;
      endTool(items, event.data.id, { at, how: ok ? 'ok' : 'failed', output, truncated });
      return;
    }
    case 'tool.denied':
      endTool(items, event.data.id, { at, how: 'denied', output: '', truncated: false });
      return;
    default: {
      const note = noteOf(event);
      if (note) items.push({ kind: 'note', id, at, ...note });
    }
  }
}

function endTool(items: Item[], call: string, end: NonNullable<ToolItem['end']>): void {
  const index = items.findLastIndex((item) => item.kind === 'tool' && item.call === call);
  const item = items[index];
  // A denied call also returns, with the denial as its output.
  if (item?.kind === 'tool')
    items[index] = { ...item, end: item.end?.how === 'denied' ? { ...end, how: 'denied' } : end };
}

type Note = { readonly tone: Tone; readonly text: string };
const plain = (text: string): Note => ({ tone: 'plain', text });
const warn = (text: string): Note => ({ tone: 'warn', text });

/** What is said of an event that is neither a message nor a tool's; undefined for those that tell a person nothing. */
function noteOf(event: JobEvent): Note | undefined {
  switch (event.type) {
    case 'job.queued':
      return plain(`Accepted for the profile ${event.data.profile}`);
    case 'job.assigned':
      return plain(`Attempt ${event.attempt}: ${event.data.start.kind} start on ${event.data.worker}`);
    case 'workspace.prepared':
      return event.data.kind === 'git'
        ? plain(`Repository checked out at ${shortCommit(event.data.commit)}`)
        : undefined;
    case 'prepare.started':
      return plain(`The profile's script prepares the workspace: ${event.data.script}`);
    case 'prepare.ended':
      return event.data.ok
        ? plain(`Workspace prepared within ${(event.data.ms / 1_000).toFixed(1)} s`)
        : warn(`The workspace could not be prepared: ${event.data.output}`);
    case 'workspace.collected':
      return plain(`Changes collected: ${changesOf(event.data.git)}`);
    case 'workspace.pushed':
      return { tone: 'good', text: `Pushed to ${event.data.branch}: ${event.data.pullRequest ?? event.data.url}` };
    case 'session.started':
      return plain(`Session with ${event.data.model}`);
    case 'model.retried':
      return warn(`The model did not answer (${event.data.error}); asked again after ${event.data.delayMs} ms`);
    case 'attempt.warned':
      return warn(event.data.message);
    case 'attempt.looping':
      return warn(`${event.data.tool} was called ${event.data.count} times in a row with the same input`);
    case 'egress.refused':
      return warn(`No connection to ${event.data.host}:${event.data.port}: ${event.data.reason.replaceAll('_', ' ')}`);
    case 'attempt.resumed':
      return plain(
        event.attempt === 1 ? 'Continues the conversation where it was' : 'Continues the session of the lost attempt',
      );
    case 'attempt.restarted':
      return warn(`Runs the prompt again: ${event.data.message ?? event.data.reason.replaceAll('_', ' ')}`);
    case 'attempt.ended':
      return warn(`Ended early by ${event.data.by} in ${event.data.ms} ms`);
    case 'stream.gap':
      return warn(`${event.data.missed} events are no longer kept`);
    default:
      return noteOfState(event);
  }
}

function noteOfState(event: JobEvent): Note | undefined {
  switch (event.type) {
    case 'job.requeued':
      return warn(`Queued again: ${event.data.failure.message}`);
    case 'job.cancel_requested':
      return warn(`Cancel requested: ${event.data.reason}`);
    case 'job.redriven':
      return plain('Redriven');
    case 'job.over': {
      const { state, failure } = event.data;
      if (state === 'succeeded') return { tone: 'good', text: 'Succeeded' };
      return { tone: 'bad', text: failure ? `${words[state]}: ${failure.message}` : words[state] };
    }
    default:
      return undefined;
  }
}

const words = { failed: 'Failed', cancelled: 'Cancelled' } as const;
const shortCommit = (commit: string | undefined): string => commit?.slice(0, 10) ?? 'its default branch';

function changesOf({
  filesChanged,
  insertions,
  deletions,
}: Record<'filesChanged' | 'insertions' | 'deletions', number>): string {
  if (filesChanged === 0) return 'none';
  return `${filesChanged} ${filesChanged === 1 ? 'file' : 'files'}, +${insertions} −${deletions}`;
}
