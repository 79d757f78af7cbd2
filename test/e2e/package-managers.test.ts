import { execFileSync } from 'node:child_process';
import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { servePackages, type PackageRegistry } from './harness/packages/package-registry.js';
import { greeting } from './harness/packages/packages.js';
import { found, tools, type Tool } from './harness/packages/tools.js';

const image = 'remuda-test-python';
/** As the page on images has it, with less to build. */
const dockerfile = `FROM remuda-worker
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip && rm -rf /var/lib/apt/lists/*
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +
`;

const ways = [
  { runtime: 'process', there: true, has: (tool: Tool) => found(tool) },
  {
    runtime: 'docker',
    there: hasEngine,
    has: (tool: Tool) =>
      found(tool, (line) =>
        execFileSync('docker', ['run', '--rm', '--entrypoint', 'sh', image, '-c', line], { stdio: 'pipe' }).toString(),
      ),
  },
] as const;

const bash = (command: string) => ({
  tools: [{ name: 'Bash', input: { command, description: 'a command', timeout: 300_000 } }],
});

async function run({ api }: TestCluster, commands: readonly string[]) {
  const id = await api.submit({ prompt: script(...commands.map(bash), { text: 'done' }) });
  const events: JobEvent[] = [];
  for await (const event of api.events(id)) events.push(event);
  const outputs = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
  const refused = events.flatMap((event) => (event.type === 'egress.refused' ? [event.data] : []));
  return { outputs, refused };
}

describe.each(ways)('with workers as $runtime', ({ runtime, there, has }) => {
  let open: { readonly registry: PackageRegistry; readonly cluster: TestCluster } | undefined;

  beforeAll(async () => {
    if (!there) return;
    if (runtime === 'docker') execFileSync('docker', ['build', '-q', '-t', image, '-'], { input: dockerfile });
    const registry = await servePackages();
    const egress = Object.values(registry.at);
    const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 20 }, egress };
    const cluster = await startCluster({
      runtime,
      profiles: JSON.stringify({ profiles: { default: runtime === 'docker' ? { ...profile, image } : profile } }),
      env: { REMUDA_EGRESS_HOSTS: `${registry.host},127.0.0.2` },
    });
    open = { registry, cluster };
  }, 600_000);

  afterAll(async () => {
    await open?.cluster.stop();
    await open?.registry[Symbol.asyncDispose]();
  });

  test.for(tools)(
    'a job installs a package with $name from a host of its profile, and is refused another host',
    async (tool, { skip }) => {
      if (!open) return skip('no container engine');
      const { registry, cluster } = open;
      const program = has(tool);
      skip(program === undefined, `no ${tool.name}`);
      const at = registry.at[tool.by ?? 'named'];
      const begin = `tool='${String(program)}'; cat > ca.pem <<'END'\n${registry.ca}\nEND\n`;
      const { outputs, refused } = await run(cluster, [
        begin + tool.install('other.example:4433'),
        begin + tool.install(at),
      ]);
      expect(outputs[0]).not.toContain(greeting(tool.name));
      expect(outputs[1]).toContain(greeting(tool.name));
      // some ask their usual registry as well
      expect(refused).toContainEqual({ host: 'other.example', port: 4433, reason: 'not_allowed' });
    },
  );
});
