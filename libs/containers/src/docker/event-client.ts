import type Docker from 'dockerode';
import { label } from './labels.js';

/** An event of one of the cluster's containers. */
export interface EngineEvent {
  readonly kind: 'start' | 'die' | 'oom' | 'destroy';
  readonly id: string;
  readonly worker: string;
  /** Of a `die`. */
  readonly exitCode?: number;
}

const kinds: readonly string[] = ['start', 'die', 'oom', 'destroy'] satisfies EngineEvent['kind'][];

/** The engine's stream of events. */
export class EventClient {
  constructor(private readonly docker: Docker) {}

  /**
   * Resolves when the engine has the subscription: no later event is missed. The events end, or throw, with the
   * connection; aborting the signal ends it.
   */
  async open(cluster: string, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    const filters = { type: ['container' as const], event: [...kinds], label: [`${label.cluster}=${cluster}`] };
    const stream = await this.docker.getEvents({ filters, abortSignal: signal });
    return readEvents(stream);
  }
}

async function* readEvents(stream: AsyncIterable<Uint8Array | string>): AsyncIterable<EngineEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = parseEvent(line);
      if (event !== undefined) yield event;
    }
  }
}

interface RawEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string | undefined>> };
}

function parseEvent(line: string): EngineEvent | undefined {
  if (line.trim() === '') return undefined;
  const { Action, Actor } = JSON.parse(line) as RawEvent;
  const worker = Actor.Attributes[label.worker];
  if (worker === undefined || !isKind(Action)) return undefined;
  const exitCode = Actor.Attributes['exitCode'];
  return { kind: Action, id: Actor.ID, worker, ...(exitCode === undefined ? {} : { exitCode: Number(exitCode) }) };
}

const isKind = (action: string): action is EngineEvent['kind'] => kinds.includes(action);
