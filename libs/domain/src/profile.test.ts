import { expect, test } from 'vitest';
import { modelsOf } from './profile.js';

const profile = { model: 'claude-sonnet-4-5', models: ['haiku'] };

test("a job may ask for its own model, its profile's, and those that the profile names besides", () => {
  expect(modelsOf(profile, {})).toEqual(['claude-sonnet-4-5', 'haiku']);
  expect(modelsOf(profile, { model: 'claude-opus-4-8' })).toEqual(['claude-opus-4-8', 'claude-sonnet-4-5', 'haiku']);
});
