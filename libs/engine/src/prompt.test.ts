import { expect, it } from 'vitest';
import { asPrompt } from './prompt.js';

it('a prompt that begins with a slash gets a space before it', () => {
  expect([asPrompt('/clear'), asPrompt(' /x'), asPrompt('a /b')]).toEqual([' /clear', ' /x', 'a /b']);
});
