import { script } from '@remuda/scripted-model';
import { describe } from 'vitest';
import { bash, made, nap } from '../stable.js';
import { engineContract } from '../../../contract/engine/engine.contract.js';
import { hasTmux, terminal } from './terminal.js';

describe.skipIf(!hasTmux)('with tmux', () => {
  engineContract('Claude Code in a terminal', async () => {
    const one = await terminal();
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
});
