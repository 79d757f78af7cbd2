import { describe, expect, it } from 'vitest';
import { containerOptions } from './container-options.js';

const spec = {
  worker: 'w-1',
  profile: 'review',
  image: 'remuda-worker:1',
  resources: { cpus: 1.5, memoryMb: 512, pids: 100, diskMb: 64 },
  network: 'none',
  env: { REMUDA_WORKER_ID: 'w-1', REMUDA_WORKSPACE: '/elsewhere' },
  fingerprint: 'f-1',
};
const options = containerOptions(spec, { cluster: 'c-1', socketDir: '/srv/sockets' });

describe('containerOptions', () => {
  it('names and labels the container so that it is found again', () => {
    expect(options.name).toBe('remuda-w-1');
    expect(options.Labels).toEqual({
      'io.remuda.cluster': 'c-1',
      'io.remuda.worker': 'w-1',
      'io.remuda.profile': 'review',
      'io.remuda.fingerprint': 'f-1',
    });
  });

  it('tells the worker where things are in the image, unless its spec says otherwise', () => {
    expect(options.Env).toContain('REMUDA_HOME=/home/claude');
    expect(options.Env).toContain('REMUDA_ENGINE_UID=1000');
    expect(options.Env).toContain('REMUDA_BRIDGE=unix:/run/remuda/model.sock');
    expect(options.Env).toContain('REMUDA_WORKSPACE=/elsewhere');
    expect(options.Env?.filter((entry) => entry.startsWith('REMUDA_WORKSPACE='))).toHaveLength(1);
  });

  it('publishes no port, gives no device and mounts nothing but the sockets', () => {
    expect(options.ExposedPorts).toBeUndefined();
    expect(options.HostConfig).toMatchObject({ NetworkMode: 'none', ReadonlyRootfs: true });
    expect(options.HostConfig).not.toHaveProperty('Privileged');
    expect(options.HostConfig).not.toHaveProperty('Binds');
    expect(options.HostConfig?.Mounts).toEqual([
      { Type: 'bind', Source: '/srv/sockets', Target: '/run/remuda', ReadOnly: true },
    ]);
  });

  it("mounts a profile's cache so that no job can write to what the next one reads", () => {
    const cached = containerOptions({ ...spec, cache: 'node-cache' }, { cluster: 'c-1', socketDir: '/srv/sockets' });
    expect(cached.HostConfig?.Mounts?.[1]).toMatchObject({
      ...{ Type: 'volume', Source: 'node-cache', Target: '/opt/remuda-cache', ReadOnly: true },
      VolumeOptions: { NoCopy: true },
    });
    expect(cached.Env).toContain('REMUDA_CACHE=/opt/remuda-cache');
  });
});
