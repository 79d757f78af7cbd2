import { expect, test } from 'vitest';
import { hrefOfJob, hrefOfJobs, hrefOfSession, hrefOfSessions, readRoute } from './route.js';

test.each([
  ['', { page: 'jobs', query: {} }],
  ['#/jobs?state=failed&q=a+b&other=1', { page: 'jobs', query: { state: 'failed', q: 'a b' } }],
  ['#/jobs/j-1', { page: 'job', id: 'j-1', tab: 'timeline' }],
  ['#/jobs/j-1/changes', { page: 'job', id: 'j-1', tab: 'changes' }],
  ['#/jobs/%E0%A4%A', { page: 'job', id: '%E0%A4%A', tab: 'timeline' }],
  ['#/sessions?state=idle&q=x', { page: 'sessions', query: { state: 'idle' } }],
  ['#/sessions/s-1', { page: 'session', id: 's-1', tab: 'turns', file: undefined }],
  ['#/sessions/s-1/files', { page: 'session', id: 's-1', tab: 'files', file: undefined }],
  ['#/fleet', { page: 'fleet' }],
  ['#/nowhere', { page: 'unknown' }],
])('%s is a page', (hash, route) => {
  expect(readRoute(hash)).toEqual(route);
});

test('addresses lead to what they were made of', () => {
  const query = { state: 'failed', label: 'a:b&c=d?' };
  expect(readRoute(hrefOfJobs(query))).toEqual({ page: 'jobs', query });
  expect(readRoute(hrefOfJob('a/b?c', 'result'))).toEqual({ page: 'job', id: 'a/b?c', tab: 'result' });
  expect(readRoute(hrefOfSessions({ cursor: 'a=' }))).toEqual({ page: 'sessions', query: { cursor: 'a=' } });
  const file = 'src/größe?.ts';
  expect(readRoute(hrefOfSession('s-1', 'files', file))).toEqual({ page: 'session', id: 's-1', tab: 'files', file });
});
