import { script } from '@remuda/scripted-model';
import { bash, made, nap, stable } from './stable.js';
import { engineContract } from '../../contract/engine/engine.contract.js';

engineContract('Claude Code over stream-json', async () => {
  const one = await stable();
  return {
    engine: one.engine,
    answered: (text) => script({ text }),
    refused: () => script({ error: { status: 400, type: 'invalid_request_error', message: 'no' } }),
    endless: () => ({
      prompt: script(bash(`touch begun; sleep ${nap()}`), { text: 'never' }),
      begun: made(one, 'begun'),
    }),
    close: async () => {
      await one[Symbol.asyncDispose]();
    },
  };
});
