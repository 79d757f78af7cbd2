import { expect, test } from 'vitest';
import type { SessionRecord, SessionState } from '@remuda/domain';
import { afterSaving } from './after-saving.js';

const session = (state: SessionState) => ({ id: 's-1', tenant: 't', state, saving: 'j-1' }) as SessionRecord;

test('whoever asks for what a turn has left waits for its snapshot, and for nothing else', async () => {
  const states: SessionState[] = ['saving', 'saving', 'hibernated'];
  const store = { find: async () => session(states.shift() ?? 'stopped') };
  expect(await afterSaving(store, session('saving'))).toMatchObject({ state: 'hibernated' });
  expect(await afterSaving(store, session('running'))).toMatchObject({ state: 'running' });
  expect(states).toEqual([]);
});

test('a snapshot that takes too long is refused by the name of its turn, and a session that is gone as unknown', async () => {
  const saving = { find: async () => session('saving') };
  await expect(afterSaving(saving, session('saving'), 40)).rejects.toMatchObject({
    code: 'session.busy',
    message: expect.stringContaining('j-1'),
  });
  await expect(afterSaving({ find: async () => undefined }, session('saving'))).rejects.toMatchObject({
    code: 'session.unknown',
  });
});
