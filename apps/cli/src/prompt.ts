import { text } from 'node:stream/consumers';
import { UsageError } from './usage-error.js';

/** The prompt of a command: its words, or what comes by stdin where the only word is "-" or there is none. */
export async function readPrompt(words: readonly string[], stdin: NodeJS.ReadStream): Promise<string> {
  const fromStdin = words.length === 0 ? !stdin.isTTY : words.length === 1 && words[0] === '-';
  const prompt = fromStdin ? await text(stdin) : words.join(' ');
  if (prompt.trim() === '') throw new UsageError('There is no prompt: give it as an argument, or by stdin with "-".');
  return prompt;
}
