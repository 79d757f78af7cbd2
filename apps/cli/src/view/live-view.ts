import type { JobEvent } from '@remuda/client';
import { duration } from './amounts.js';
import type { Paint } from './paint.js';
import { oneLine, plainText } from './plain-text.js';

/** Characters of a tool's input and output that are shown, where the terminal does not say how wide it is. */
const defaultColumns = 100;

/** What is printed of an event for a person who looks on; undefined for events that tell them nothing. */
export function liveLine(event: JobEvent, paint: Paint, columns = defaultColumns): string | undefined {
  const width = Math.max(40, columns - 6);
  switch (event.type) {
    case 'job.queued':
      return paint.dim(`· waits for a worker of ${event.data.profile}`);
    case 'job.assigned':
      return paint.dim(`· ${event.data.start.kind} start on ${event.data.worker}`);
    case 'session.started':
      return paint.dim(`· ${event.data.model}`);
    case 'workspace.prepared':
      return paint.dim('· the workspace is ready');
    case 'prepare.started':
      return paint.dim(`· prepares the workspace: ${oneLine(event.data.script, width)}`);
    case 'prepare.ended':
      return event.data.ok
        ? paint.dim(`· prepared within ${(event.data.ms / 1_000).toFixed(1)} s`)
        : paint.red('! the workspace could not be prepared');
    case 'message.text':
      return `\n${plainText(event.data.text)}\n`;
    case 'message.thinking':
      return paint.dim(`  ${oneLine(event.data.text, width)}`);
    case 'tool.called':
      return `${paint.cyan('●')} ${paint.bold(plainText(event.data.name))} ${oneLine(inputOf(event.data.input), width - event.data.name.length)}`;
    case 'tool.returned':
      return `  ${event.data.ok ? paint.dim('⎿') : paint.red('⎿ failed:')} ${paint.dim(oneLine(event.data.output, width))}`;
    case 'turn.steered':
      return paint.cyan(`» ${oneLine(event.data.text, width)}`);
    case 'tool.denied':
      return `  ${paint.yellow('⎿ denied')}`;
    case 'model.retried':
      return paint.yellow('! the model did not answer; it is asked again');
    case 'attempt.warned':
      return paint.yellow(`! ${oneLine(event.data.message, width)}`);
    case 'attempt.looping':
      return paint.yellow('! the same tool is called again and again');
    case 'egress.refused':
      return paint.yellow(`! no connection to ${event.data.host}:${String(event.data.port)}: ${event.data.reason}`);
    case 'workspace.pushed':
      return paint.dim(
        `· pushed to ${plainText(event.data.branch)}: ${plainText(event.data.pullRequest ?? event.data.url)}`,
      );
    case 'job.requeued':
      return paint.yellow(`! ${oneLine(event.data.failure.message, width)} It is queued again.`);
    case 'attempt.resumed':
      return paint.dim('· goes on where the lost attempt was');
    case 'attempt.restarted':
      return paint.dim('· begins again');
    case 'job.cancel_requested':
      return paint.dim('· is being cancelled');
    case 'stream.gap':
      return paint.yellow(`! ${event.data.missed} events are no longer kept`);
    default:
      return undefined;
  }
}

/** The command of a shell tool as it is; of other tools the values of their input. */
function inputOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return JSON.stringify(input);
  const values = Object.values(input);
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' ');
}

/** How long a job took from its start to its end, for its last line; undefined where it never started. */
export function tookOf(times: { readonly startedAt?: string; readonly overAt?: string }): string | undefined {
  if (times.startedAt === undefined || times.overAt === undefined) return undefined;
  return duration(Date.parse(times.overAt) - Date.parse(times.startedAt));
}
