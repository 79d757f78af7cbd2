import { expect, test } from 'vitest';
import { chooseModel, describeModel } from './model-choice.mjs';

test('without a credential the model is the scripted one, and the line says how to get the real one', () => {
  expect(chooseModel({ ANTHROPIC_API_KEY: '' })).toBe('scripted');
  expect(describeModel({})).toMatch(/^Model: scripted .*ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN/);
});

test.each(['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'])(
  'with %s the model is the real one, and the line does not show it',
  (name) => {
    const env = { [name]: 'sk-secret' };
    expect(chooseModel(env)).toBe('real');
    expect(describeModel(env)).toContain(name);
    expect(describeModel(env)).not.toContain('sk-secret');
  },
);

test("with a model's URL of the user's own, nothing scripted is started", () => {
  expect(chooseModel({ REMUDA_MODEL_URL: 'http://127.0.0.1:9' })).toBe('real');
  expect(describeModel({ REMUDA_MODEL_URL: 'http://127.0.0.1:9' })).toContain('http://127.0.0.1:9');
});

test.each(['http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9'])(
  'a model on this machine (%s) is not announced as costing money',
  (url) => {
    expect(describeModel({ REMUDA_MODEL_URL: url })).toBe(
      `Model: the one at ${url} on this machine (no credential of ours)`,
    );
    expect(describeModel({ REMUDA_MODEL_URL: url, ANTHROPIC_API_KEY: 'k' })).not.toContain('money');
  },
);

test.each(['https://models.example', 'http://127.0.0.1.example', 'not a URL'])('one elsewhere (%s) is', (url) => {
  expect(describeModel({ REMUDA_MODEL_URL: url })).toContain('jobs cost money');
});
