import { afterAll, beforeAll, expect, test } from 'vitest';
import { goodRefs, refusedRefs } from '../../contract/inputs/refs.js';
import { startRedis, type TestRedis } from '../redis.js';
import { startApi, type RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url, { env: { REMUDA_GIT_HOSTS: '10.0.0.0/8' } });
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

const submit = (url: string, ref?: string) =>
  api.send('POST', '/api/v1/jobs', {
    prompt: 'hi',
    workspace: { kind: 'git', url, ...(ref === undefined ? {} : { ref }) },
  });

test.each(goodRefs)('takes the ref %s', async (ref) => {
  expect((await submit('https://git.example.com/a.git', ref)).status).toBe(202);
});

test.each(refusedRefs)('says at once that %j is no ref', async (ref) => {
  const answer = await submit('https://git.example.com/a.git', ref);
  expect(answer.status).toBe(400);
  expect(answer.json.faults.map(({ path }) => path)).toContain('workspace.ref');
});

test('a token in a URL is refused, and kept and told nowhere', async () => {
  const answer = await submit('https://bot:hush-hush@git.example.com/a.git');
  expect(answer.status).toBe(400);
  expect(answer.json.faults[0]).toMatchObject({
    path: 'workspace.url',
    message: expect.stringContaining("its host's own credentials") as string,
  });
  expect(answer.text).not.toContain('hush-hush');
});

test("what leads into the operator's own network is refused, unless the operator opened it", async () => {
  for (const url of ['http://169.254.169.254/x', 'https://localhost/x', 'git@192.168.0.1:x', 'ssh://[::1]/x'])
    expect((await submit(url)).json.faults[0]).toMatchObject({
      path: 'workspace.url',
      message: expect.stringContaining('REMUDA_GIT_HOSTS') as string,
    });
  expect((await submit('https://10.1.2.3/x')).status).toBe(202);
});
