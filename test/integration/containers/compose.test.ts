import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';

interface Service {
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
  readonly healthcheck: unknown;
  readonly security_opt: readonly string[];
  readonly command?: readonly string[];
}

/** What must stay so, whoever edits the file; whether it runs is seen by running it. */
describe('The compose file', () => {
  let services: Readonly<Record<string, Service>>;
  let networks: Readonly<Record<string, { readonly internal?: boolean }>>;

  beforeAll(async () => {
    const text = await readFile(new URL('../../../docker/compose.yaml', import.meta.url), 'utf8');
    ({ services, networks } = parse(text, { merge: true }) as { services: typeof services; networks: typeof networks });
  });

  const those = (fits: (service: Service) => boolean): readonly string[] =>
    Object.keys(services).filter((name) => fits(services[name]!));

  it('gives the Docker socket to the scheduler only', () => {
    expect(those(({ volumes = [] }) => volumes.some((volume) => volume.includes('docker.sock')))).toEqual([
      'scheduler',
    ]);
  });

  it('gives the credential to the bridge only', () => {
    const holds = ({ environment = {} }: Service): boolean =>
      Object.keys(environment).some((name) => /API_KEY|OAUTH|CREDENTIAL/.test(name));
    expect(those(holds)).toEqual(['bridge']);
  });

  it('publishes the api only, and that on this machine only', () => {
    expect(those(({ ports = [] }) => ports.length > 0)).toEqual(['api']);
    for (const port of services['api']?.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('keeps Redis where there is no way out, on disk, and without eviction', () => {
    expect(services['redis']?.networks).toEqual(['backbone']);
    expect(networks['backbone']?.internal).toBe(true);
    const command = (services['redis']?.command ?? []).join(' ');
    expect(command).toMatch(/--appendonly yes --appendfsync everysec --maxmemory-policy noeviction/);
  });

  it('has Redis ask for a password that is made there, and known to its apps only', () => {
    const { command = [], volumes = [] } = services['redis']!;
    expect(command.join(' ')).toMatch(/--requirepass "\$\$\(cat \/access\/redis-password\)"/);
    expect(volumes).toContain('access:/access');
    const apps = ['bridge', 'scheduler', 'api'];
    expect(those((service) => (service.volumes ?? []).includes('access:/access:ro'))).toEqual(apps);
    for (const app of apps) {
      expect(services[app]?.command?.join(' ')).toMatch(/redis:\/\/:\$\$\(cat \/access\/redis-password\)@redis/);
      expect(services[app]?.environment).not.toHaveProperty('REMUDA_REDIS_URL');
    }
  });

  it('watches the health of all, and lets none gain rights', () => {
    expect(those(({ healthcheck }) => healthcheck === undefined)).toEqual([]);
    expect(those(({ security_opt }) => !security_opt.includes('no-new-privileges:true'))).toEqual([]);
  });
});
