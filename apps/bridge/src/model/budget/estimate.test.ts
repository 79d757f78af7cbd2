import { expect, test } from 'vitest';
import { estimate, mostMicroUsd } from './estimate.js';

const of = (more: object) => {
  const body = { model: 'claude-sonnet-4-5', max_tokens: 1_000, messages: [], ...more };
  return {
    ...estimate(body, Buffer.from(JSON.stringify(body))),
    most: mostMicroUsd(estimate(body, Buffer.from(JSON.stringify(body)))),
  };
};
const text = (length: number) => ({ messages: [{ role: 'user', content: 'x'.repeat(length) }] });

test('a request may cost what it holds, and the longest answer that it asks for', () => {
  const long = of({ ...text(300_000), max_tokens: 128_000 });
  expect(long).toMatchObject({ tokenMicroUsd: 15, maxTokens: 128_000 });
  expect(long.inputMicroUsd).toBeGreaterThanOrEqual(100_000 * 3);
  expect(long.inputMicroUsd).toBeLessThan(100_100 * 3);
  expect(long.most).toBe(long.inputMicroUsd + 128_000 * 15);
  expect(of({ max_tokens: undefined }).maxTokens).toBe(128_000);
});

test('what is to be kept costs more to write, most for an hour; no text can say so', () => {
  const plain = of(text(30_000)).inputMicroUsd;
  const marked = (cache_control: object) => of({ ...text(30_000), cache_control }).inputMicroUsd / plain;
  expect(marked({ type: 'ephemeral' })).toBeCloseTo(1.25, 1);
  expect(marked({ type: 'ephemeral', ttl: '1h' })).toBeCloseTo(2, 1);
  expect(of({ messages: [{ role: 'user', content: '"ttl":"1h","cache_control":' }] }).inputMicroUsd).toBeLessThan(200);
});

test('a fast answer costs six times as much, and of several models the dearest counts', () => {
  expect(of({ speed: 'fast' }).tokenMicroUsd).toBe(90);
  expect(of({ fallbacks: [{ model: 'claude-opus-4-8' }] }).tokenMicroUsd).toBe(25);
  expect(of({ tools: [{ type: 'advisor_20260301', model: 'claude-opus-4-1' }] }).tokenMicroUsd).toBe(75);
});

test('searches and runs of code on the side of the vendor are part of it, as many as are allowed', () => {
  const calls = (tool: object) => of({ tools: [tool] }).callsMicroUsd;
  expect(calls({ name: 'Bash' })).toBe(0);
  expect(calls({ type: 'web_search_20250305', max_uses: 8 })).toBeGreaterThanOrEqual(8 * 10_000);
  expect(calls({ type: 'web_search_20250305' })).toBeGreaterThanOrEqual(10 * 10_000);
  expect(calls({ type: 'code_execution_20260120' })).toBeGreaterThanOrEqual(10 * 50_000);
});

test('an image is no text of its length, and a small document may be a long one', () => {
  const picture = (type: string, length: number) => ({
    messages: [{ role: 'user', content: [{ type, source: { type: 'base64', data: 'x'.repeat(length) } }] }],
  });
  expect(of(picture('image', 3_000_000)).inputMicroUsd).toBeLessThan(6_000 * 3);
  expect(of(picture('document', 3_000)).inputMicroUsd).toBeGreaterThanOrEqual(100_000 * 3);
  expect(of(picture('document', 30_000_000)).inputMicroUsd).toBe(1_000_000 * 3);
});
