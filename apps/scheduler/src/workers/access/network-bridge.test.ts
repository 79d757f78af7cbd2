import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { networkBridge } from './network-bridge.js';

const docker = { kind: 'docker', reachesRedis: 'by-bridge' } as const;
const processes = { kind: 'process', reachesRedis: 'directly' } as const;
const kubernetes = { kind: 'kubernetes', reachesRedis: 'directly', reachesBridge: 'by-network' } as const;
const bridge = new URL('https://bridge.example:7443');
const none = { bridge: undefined, bridgeCa: undefined };
const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';

test('pods need the URL of a bridge, containers without a network can have none, processes may', () => {
  const invalid = expect.objectContaining({ code: 'config.invalid' }) as Error;
  expect(() => networkBridge(none, kubernetes)).toThrow(invalid);
  expect(() => networkBridge({ ...none, bridge }, docker)).toThrow(invalid);
  for (const runtime of [docker, processes]) expect(networkBridge(none, runtime)).toBeUndefined();
  for (const runtime of [kubernetes, processes]) expect(networkBridge({ ...none, bridge }, runtime)?.url).toBe(bridge);
});

test('the authority is PEM or in a file, which is read for each worker anew', () => {
  expect(networkBridge({ bridge, bridgeCa: pem }, kubernetes)?.ca?.()).toBe(pem);
  const folder = mkdtempSync(join(tmpdir(), 'remuda-ca-'));
  try {
    const bridgeCa = join(folder, 'ca.crt');
    expect(() => networkBridge({ bridge, bridgeCa }, kubernetes)).toThrow(/REMUDA_BRIDGE_CA.*ENOENT/);
    writeFileSync(bridgeCa, 'no certificate');
    expect(() => networkBridge({ bridge, bridgeCa }, kubernetes)).toThrow(/REMUDA_BRIDGE_CA: expected certificates/);
    writeFileSync(bridgeCa, pem);
    const made = networkBridge({ bridge, bridgeCa }, kubernetes);
    writeFileSync(bridgeCa, `${pem}${pem}`);
    expect(made?.ca?.()).toBe(`${pem}${pem}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
