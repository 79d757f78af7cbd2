import { expect, test } from 'vitest';
import { pasted } from './pasted.js';

test('a plain prompt is pasted as it is, in several lines and scripts', () => {
  const prompt = 'It\'s "plain": $(id) `x` ; | & \\n\nél 😀 ‮ \tend.';
  expect(pasted(prompt)).toBe(prompt);
});

test('nothing in a prompt ends the paste or acts on the terminal', () => {
  expect(pasted('a\u001b[201~b')).toBe('a␛[201~b');
  expect(pasted('a\u0000\u0003\u0007\u007f\u009b31mb')).toBe('a␀␃␇␡\\x9b31mb');
  expect(pasted(String.fromCharCode(...Array(256).keys()))).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
});

test('line ends of other systems become line feeds', () => {
  expect(pasted('a\r\nb\rc')).toBe('a\nb\nc');
});

test.each(['/clear', '!ls', '# note', '?', '&', '  /clear'])('%j is not a command', (prompt) => {
  expect(pasted(prompt)).toBe(`\u2800${prompt.trim()}${prompt.includes('/') ? ' ' : ''}`);
});

test('Enter behind it does not continue the line, and picks no completion', () => {
  expect(pasted('a\\')).toBe('a\\ ');
  expect(pasted('see @src/main')).toBe('see @src/main ');
});

test('half a character becomes a replacement, and an empty prompt something to send', () => {
  expect(pasted('a\ud800b')).toBe('a\ufffdb');
  expect(pasted(' \n')).toBe('\u2800');
});
