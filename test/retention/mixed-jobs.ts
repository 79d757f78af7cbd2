import { noUsage, type Engine, type JobSpec, type NewJob, type TurnEnd } from '@remuda/domain';
import { InstantEngine } from '@remuda/testing';
import { specOf } from '../integration/cluster/in-process-cluster.js';

/** The ways in which the jobs of a round live and end. */
export const kinds = [
  'succeeded',
  'labelled',
  'secret',
  'once',
  'scheduled',
  'failed',
  'redriven',
  'cancelled queued',
  'cancelled running',
  'expired',
  'snapshot',
] as const;

/** How a job lives and ends. */
export type Kind = (typeof kinds)[number];

const hourMs = 3_600_000;

/** A job of a kind; its number makes its label one that no other has. */
export function jobOf(kind: Kind, id: string, now: number): NewJob {
  const secrets = kind === 'secret' ? { secrets: { TOKEN: 'hush-hush' } } : {};
  return { id, spec: specOf({ prompt: `${kind}: ${id}`, ...ownOf(kind, id, now) }), ...secrets };
}

function ownOf(kind: Kind, id: string, now: number): Partial<JobSpec> {
  switch (kind) {
    case 'labelled':
      return { labels: { ticket: id, team: 'all' } };
    case 'secret':
      return { secrets: ['TOKEN'] };
    case 'scheduled':
      return { runAt: now + 300 };
    case 'redriven':
      return { attempts: 1, ttlMs: hourMs, labels: { again: id } };
    case 'cancelled queued':
      return { runAt: now + hourMs, labels: { never: id } };
    case 'expired':
      return { profile: 'nobody', ttlMs: 1 };
    default:
      return {};
  }
}

/** Engines that do what the prompt, a kind and an id, says. A turn with a snapshot lasts until its job may end, one to be cancelled until it is. */
export function engineOf(mayEnd: (id: string) => Promise<void>): () => Engine {
  return () =>
    new InstantEngine(async ({ prompt }, onEvent, signal): Promise<TurnEnd> => {
      const [kind, id = ''] = prompt.split(': ');
      for (let i = 0; i < 20; i++)
        onEvent({ type: 'message.text', at: Date.now(), data: { text: `line ${String(i)} ${'x'.repeat(200)}` } });
      if (kind === 'failed') return failed('model.invalid_request');
      if (kind === 'redriven') return failed('model.unreachable');
      if (kind === 'snapshot') await mayEnd(id);
      if (kind === 'cancelled running') {
        await new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
        return { kind: 'interrupted' };
      }
      return { kind: 'succeeded', result: { text: 'x'.repeat(8_000), turns: 1, usage: noUsage, costUsd: 0 } };
    });
}

const failed = (code: 'model.invalid_request' | 'model.unreachable'): TurnEnd => ({
  kind: 'failed',
  failure: { code, message: 'as the prompt says' },
});
