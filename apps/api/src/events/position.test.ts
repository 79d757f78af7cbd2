import { expect, test } from 'vitest';
import { chooseForm } from './position.js';

test.each([
  [undefined, 'sse'],
  ['', 'sse'],
  ['*/*', 'sse'],
  ['text/*', 'sse'],
  ['text/event-stream', 'sse'],
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['application/json, text/plain, */*', 'json'],
  ['text/event-stream, application/json', 'sse'],
  ['text/event-stream;q=0.5, application/json;q=0.9', 'json'],
  ['text/event-stream;q=0.5, application/json', 'json'],
  ['application/json;q=0.2, text/*;q=0.3', 'sse'],
  ['*/*;q=0.1, application/json;q=0', 'sse'],
  ['text/event-stream;q=0, */*', 'json'],
  ['APPLICATION/JSON ; charset=utf-8 ; Q=1', 'json'],
] as const)('Accept: %s wants %s', (accept, form) => {
  expect(chooseForm(accept, undefined)).toBe(form);
});

test.each(['image/png', 'text/event-stream;q=0', 'application/json;q=0.000, text/event-stream;q=0', '*/*;q=0'])(
  'Accept: %s wants neither',
  (accept) => {
    expect(() => chooseForm(accept, undefined)).toThrow(expect.objectContaining({ code: 'request.not_acceptable' }));
  },
);

test('?format= goes before it', () => {
  expect(chooseForm('application/json', 'sse')).toBe('sse');
});
