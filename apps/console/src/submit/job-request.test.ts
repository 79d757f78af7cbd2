import { expect, test } from 'vitest';
import { emptyDraft, fieldOf, toJobRequest } from './job-request.js';

test('a form with nothing but a prompt is a job with nothing but a prompt, and its first line as a title', () => {
  expect(toJobRequest({ ...emptyDraft, prompt: 'Fix it.\nNow.' })).toEqual({
    prompt: 'Fix it.\nNow.',
    metadata: { title: 'Fix it.' },
  });
});

test('a whole form is a whole job', () => {
  const draft = {
    prompt: 'x'.repeat(200),
    profile: ' reviewer ',
    model: 'm',
    url: 'https://github.com/a/b.git',
    ref: 'main',
    budget: '0.5',
    priority: '1',
    labels: 'team:search, url:http://x',
    schema: '{"type":"object"}',
  };
  expect(toJobRequest(draft)).toMatchObject({
    profile: 'reviewer',
    model: 'm',
    workspace: { kind: 'git', url: 'https://github.com/a/b.git', ref: 'main' },
    maxBudgetUsd: 0.5,
    priority: 1,
    labels: { team: 'search', url: 'http://x' },
    outputSchema: { type: 'object' },
    metadata: { title: `${'x'.repeat(99)}…` },
  });
});

test('what the api would not understand is told with its field', () => {
  expect(toJobRequest({ ...emptyDraft, labels: 'team', schema: '{' })).toMatchObject([
    { field: 'labels', message: 'team is not name:value' },
    { field: 'schema' },
  ]);
  expect(toJobRequest({ ...emptyDraft, schema: '7' })).toMatchObject([{ field: 'schema' }]);
});

test('a fault of the api is told beside the field that it is about', () => {
  const paths = ['workspace.url', 'workspace.ref', 'labels.a b', 'outputSchema', 'maxBudgetUsd', 'priority', 'prompt'];
  expect(paths.map(fieldOf)).toEqual(['url', 'ref', 'labels', 'schema', 'budget', 'priority', 'prompt']);
});
