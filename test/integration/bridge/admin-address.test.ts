import { request } from 'node:http';
import { expect, test } from 'vitest';
import { runBridge } from './running-bridge.js';

/** The status that a request with this `Host` gets, or with further headers. */
function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

test('health and figures are served on another address than loopback, to programs that use a name of ours', async () => {
  await using run = await runBridge({ REMUDA_BRIDGE_ADMIN_HOST: '0.0.0.0', REMUDA_BRIDGE_HOSTS: 'bridge.example' });
  const { adminUrl } = run.bridge.addresses;
  expect(adminUrl).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  const at = (path: string): string => `${adminUrl.replace('0.0.0.0', '127.0.0.1')}${path}`;
  for (const path of ['/health/live', '/health/ready', '/metrics'])
    for (const host of ['127.0.0.1', 'bridge.example', 'bridge.example:7073'])
      expect(await statusOf(at(path), { host }), `${path} as ${host}`).toBe(200);
  expect(await statusOf(at('/metrics'), { host: 'evil.example' })).toBe(421);
  expect(await statusOf(at('/metrics'), { host: 'bridge.example', origin: 'https://evil.example' })).toBe(403);
});

test('they stay on loopback where nothing is said', async () => {
  await using run = await runBridge();
  expect(run.bridge.addresses.adminUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
});
