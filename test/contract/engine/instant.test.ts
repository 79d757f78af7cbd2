import type { AbortSignalLike, NewEvent, TurnEnd } from '@remuda/domain';
import { noUsage } from '@remuda/domain';
import { InstantEngine } from '@remuda/testing';
import { engineContract } from './engine.contract.js';

const failed = { kind: 'failed', failure: { code: 'model.refused', message: 'no' } } as const;

/** Ends a turn when it is interrupted. */
const aborted = (signal: AbortSignalLike): Promise<TurnEnd> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'interrupted' })));

engineContract('The instant one', () => {
  let begun: () => void = () => undefined;
  const engine = new InstantEngine(async ({ prompt }, tell: (event: NewEvent) => void, signal) => {
    const [kind, text = ''] = prompt.split(': ');
    tell({ type: 'session.started', at: 1, data: { sessionId: 's', model: 'm', tools: [] } });
    begun();
    if (kind === 'endless') return aborted(signal);
    if (kind === 'refused') return failed;
    tell({ type: 'message.text', at: 1, data: { text } });
    tell({ type: 'turn.ended', at: 1, data: { turns: 1, costUsd: 0, usage: noUsage } });
    return { kind: 'succeeded', result: { text, turns: 1, usage: noUsage, costUsd: 0 } };
  });
  return Promise.resolve({
    engine,
    answered: (text) => `answered: ${text}`,
    refused: () => 'refused',
    endless: () => ({ prompt: 'endless', begun: new Promise<void>((resolve) => (begun = resolve)) }),
    close: () => engine.kill(),
  });
});
