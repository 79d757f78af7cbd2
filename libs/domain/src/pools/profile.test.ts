import { expect, test } from 'vitest';
import { rightsOf } from './profile.js';

const profile = {
  model: 'claude-sonnet-4-5',
  models: ['haiku'],
  serverTools: [],
  egress: ['*.example.org', 'a.example:8080'],
};

test("a job may ask for its own model, its profile's, and those that the profile names besides", () => {
  expect(rightsOf(profile, {}).models).toEqual(['claude-sonnet-4-5', 'haiku']);
  expect(rightsOf(profile, { model: 'claude-opus-4-8' }).models).toEqual([
    'claude-opus-4-8',
    'claude-sonnet-4-5',
    'haiku',
  ]);
});

test('a job reaches the hosts of its profile, or those of them that it names', () => {
  expect(rightsOf(profile, {}).egress).toEqual(['*.example.org', 'a.example:8080']);
  expect(rightsOf(profile, { egress: ['x.example.org', 'b.example', 'a.example'] }).egress).toEqual(['x.example.org']);
  expect(rightsOf(profile, { egress: [] }).egress).toEqual([]);
});
