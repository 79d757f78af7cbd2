import { expect, test } from 'vitest';
import { rightsOf } from './profile.js';

const profile = { model: 'claude-sonnet-4-5', models: ['haiku'], serverTools: [] };

test("a job may ask for its own model, its profile's, and those that the profile names besides", () => {
  expect(rightsOf(profile, {}).models).toEqual(['claude-sonnet-4-5', 'haiku']);
  expect(rightsOf(profile, { model: 'claude-opus-4-8' }).models).toEqual([
    'claude-opus-4-8',
    'claude-sonnet-4-5',
    'haiku',
  ]);
});
