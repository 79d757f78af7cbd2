import type { JobEvent } from '@remuda/domain';

const maxChars = 160;

/**
 * An event as one line for a person: its time (s after the first one), its name, and its important data. The clocks of
 * a cluster's parts differ by up to a round trip to Redis, so an event may seem to precede its cause.
 */
export function eventLine(event: JobEvent, beganAt: number): string {
  const seconds = (Math.max(0, event.at - beganAt) / 1_000).toFixed(3).padStart(7);
  return `${seconds} s  ${event.type.padEnd(20)}  ${oneLine(tell(event))}`.trimEnd();
}

function tell(event: JobEvent): string {
  switch (event.type) {
    case 'job.assigned':
      return `${event.data.worker}, ${event.data.start.kind}${event.data.start.reason === undefined ? '' : ` (${event.data.start.reason})`}`;
    case 'message.text':
    case 'message.thinking':
    case 'message.delta':
      return event.data.text;
    case 'tool.called':
      return `${event.data.name} ${JSON.stringify(event.data.input)}`;
    case 'tool.returned':
      return `${event.data.ok ? 'ok' : 'failed'}: ${event.data.output}`;
    case 'session.started':
      return `${event.data.model}, ${event.data.tools.length} tools, ${event.data.sessionId}`;
    case 'turn.ended':
      return `${event.data.turns} turns, ${dollars(event.data.costUsd)}`;
    case 'job.over':
      return event.data.failure === undefined ? event.data.state : `${event.data.state}: ${event.data.failure.message}`;
    default:
      return Object.entries(event.data)
        .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', ');
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`;
}

/** An amount of US dollars, with as many digits as a small job needs. */
export function dollars(amount: number): string {
  return `$${amount.toFixed(4)}`;
}
