import { describe, expect, it } from 'vitest';
import { chooseStep, readDirective, script, type ApiMessage, type MessagesBody } from './script.js';

const body = (...messages: ApiMessage[]): MessagesBody => ({ model: 'm', tools: [{}], messages });
const user = (content: ApiMessage['content']): ApiMessage => ({ role: 'user', content });
const assistant: ApiMessage = { role: 'assistant', content: 'said' };
const toolResult: ApiMessage = { role: 'user', content: [{ type: 'tool_result' }] };

describe('readDirective', () => {
  it('reads the array though brackets and quotes stand inside its strings', () => {
    const text = `Please. ${script({ text: 'a ] "quoted" \\ [' })} and thanks]`;
    expect(readDirective(text)).toEqual([{ text: 'a ] "quoted" \\ [' }]);
  });

  it('gives undefined for a text without a directive and for broken JSON', () => {
    expect(readDirective('hello')).toBeUndefined();
    expect(readDirective('SCRIPT:[{]')).toBeUndefined();
    expect(readDirective('SCRIPT:[{"text":')).toBeUndefined();
  });
});

describe('chooseStep', () => {
  const twoSteps = user(script({ tools: [{ name: 'Bash' }] }, { text: 'two' }));

  it('takes the step whose number is the count of answers since the prompt', () => {
    expect(chooseStep(body(twoSteps), [])).toMatchObject({ tools: [{ name: 'Bash' }] });
    expect(chooseStep(body(twoSteps, assistant, toolResult), [])).toEqual({ text: 'two' });
  });

  it('stays with the last step when all are used up', () => {
    expect(chooseStep(body(twoSteps, assistant, toolResult, assistant, toolResult), [])).toEqual({ text: 'two' });
  });

  it('repeats the last user text where there is no script', () => {
    const reminded = user([
      { type: 'text', text: '<system-reminder>…</system-reminder>' },
      { type: 'text', text: 'hi there' },
    ]);
    expect(chooseStep(body(reminded), [])).toEqual({ text: 'ok: hi there' });
  });

  it('walks through the fallback steps, counted from the last prompt', () => {
    const steps = [{ text: 'first' }, { text: 'second' }];
    expect(chooseStep(body(user('hi')), steps)).toEqual({ text: 'first' });
    expect(chooseStep(body(user('hi'), assistant, toolResult), steps)).toEqual({ text: 'second' });
  });

  it('answers a request without tools plainly, whatever its text holds', () => {
    expect(chooseStep({ ...body(twoSteps), tools: [] }, [])).toEqual({ text: 'auxiliary answer' });
  });
});
