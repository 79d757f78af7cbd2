import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kubeconfig, RealCluster, workerImage } from '../contract/containers/real-cluster.js';
import { root } from '../contract/documents/document.js';
import { hasKubectl, kubectl } from './harness/kubectl.js';

const longMs = 180_000;

/** A pod of Remuda, or of somebody else, that answers on its ports. */
interface Stand {
  readonly name: string;
  readonly isOurs: boolean;
  /** Numbers by the names that the policies use; a number alone has no name. */
  readonly ports: readonly (readonly [number, string?])[];
}

const stands: readonly Stand[] = [
  { name: 'redis', isOurs: true, ports: [[6379], [8080]] },
  { name: 'bridge', isOurs: true, ports: [[7443, 'workers'], [7073, 'http'], [8080]] },
  { name: 'worker', isOurs: true, ports: [[9000]] },
  { name: 'stranger', isOurs: false, ports: [[8080], [4443]] },
];

/** Answers on each port with a line, and ends the connection. */
const serve = (ports: Stand['ports']): string =>
  `for (const port of ${JSON.stringify(ports.map(([port]) => port))})
     require('node:net').createServer((socket) => socket.end('here')).listen(port);`;

function podOf({ name, isOurs, ports }: Stand) {
  const part = isOurs ? { 'app.kubernetes.io/part-of': 'remuda' } : {};
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, labels: { 'app.kubernetes.io/name': name, ...part } },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 1_000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          ...{ name: 'stand', image: workerImage, imagePullPolicy: 'IfNotPresent' },
          command: ['node', '-e', serve(ports)],
          ports: ports.flatMap(([containerPort, as]) => (as === undefined ? [] : [{ containerPort, name: as }])),
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

describe.skipIf(kubeconfig === '' || !hasKubectl)(
  'the policies of k8s/base, on the cluster that KUBECONFIG names',
  () => {
    let cluster: RealCluster;
    let isEnforced = false;
    const inNamespace = (...args: readonly string[]) => kubectl('-n', cluster.namespace, ...args);
    const inPod = (name: string, code: string) => inNamespace('exec', name, '--', 'node', '-e', code);

    /** Whether a connection is answered; one that a policy forbids is not even refused. */
    async function reaches(from: string, to: string, port: number): Promise<boolean> {
      const address = await inNamespace('get', 'pod', to, '-o', 'jsonpath={.status.podIP}');
      const said = await inPod(
        from,
        `const socket = require('node:net').connect(${String(port)}, '${address}');
       const end = (what) => { console.log(what); process.exit(); };
       socket.on('data', () => end('answered')).on('error', () => end('refused'));
       setTimeout(() => end('silent'), 2_000);`,
      );
      return said.includes('answered');
    }

    beforeAll(async () => {
      cluster = await RealCluster.open();
      const folder = await mkdtemp(join(tmpdir(), 'policies-'));
      const file = join(folder, 'pods.json');
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: stands.map(podOf) }));
      await inNamespace('apply', '-f', file);
      await rm(folder, { recursive: true });
      await inNamespace('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s');
      // Before there are policies: what is silent afterwards would have answered.
      await vi.waitUntil(() => reaches('stranger', 'worker', 9_000), { timeout: 30_000 });
      await inNamespace('apply', '-f', join(root, 'k8s/base/network.yaml'));
      for (let tries = 0; tries < 5 && !isEnforced; tries++) isEnforced = !(await reaches('stranger', 'worker', 9_000));
    }, longMs);
    afterAll(async () => {
      await cluster.close();
    }, longMs);

    test.for<[from: string, to: string, port: number, isOpen: boolean]>([
      ['worker', 'redis', 6_379, true],
      ['worker', 'redis', 8_080, false],
      ['worker', 'bridge', 7_443, true],
      ['worker', 'bridge', 7_073, false],
      ['worker', 'stranger', 8_080, false],
      ['bridge', 'redis', 6_379, true],
      ['bridge', 'worker', 9_000, false],
      ['stranger', 'redis', 6_379, false],
      ['stranger', 'bridge', 7_443, false],
      ['stranger', 'worker', 9_000, false],
    ])('%s to %s at %i: %s', async ([from, to, port, isOpen], { skip }) => {
      skip(!isEnforced, 'nothing on this cluster enforces policies');
      expect(await reaches(from, to, port)).toBe(isOpen);
    });

    test('a worker asks for names', async ({ skip }) => {
      const resolvers = await kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'name');
      skip(!resolvers.includes('pod/'), 'this cluster has no DNS');
      const said = await inPod('worker', `require('node:dns').promises.lookup('kubernetes.default').then(console.log)`);
      expect(said).toContain('address');
    });
  },
);
