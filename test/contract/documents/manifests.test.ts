import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { kubernetesRights } from '@remuda/containers';
import { readSettings, type Setting } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiSettings } from '../../../apps/api/src/settings.js';
import { bridgeSettings } from '../../../apps/bridge/src/settings.js';
import { readProfiles } from '../../../apps/scheduler/src/profiles/profiles.js';
import { schedulerSettings } from '../../../apps/scheduler/src/settings.js';
import { parse } from 'yaml';
import { readDocument, root } from './document.js';
import {
  canRender,
  kustomization,
  kustomizedFolders,
  manifestsIn,
  podTemplate,
  rendered,
  typeFaults,
  validate,
  type Container,
  type Manifest,
} from './manifests.js';

const base = manifestsIn('base');
const production = manifestsIn('overlays/production');
const withPods = base.flatMap((manifest) => {
  const template = podTemplate(manifest);
  return template ? [{ name: manifest.metadata.name, manifest, template }] : [];
});

/** A copy of `k8s` with the files that a person makes before `kubectl apply`. */
let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'k8s-'));
  cpSync(join(root, 'k8s'), copy, { recursive: true });
  const kind = join(copy, 'overlays/kind');
  mkdirSync(join(kind, 'tls'), { recursive: true });
  for (const file of ['api-key', 'tls/ca.crt', 'tls/tls.crt', 'tls/tls.key']) writeFileSync(join(kind, file), 'made');
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

/** What a folder under `k8s` renders to. */
const render = (folder: string): readonly Manifest[] => rendered(join(copy, folder));

describe.skipIf(!canRender)('rendered', () => {
  describe.each(kustomizedFolders())('k8s/%s', (folder) => {
    test('has its objects, and each fits its model', () => {
      const rendered = render(folder);
      expect(rendered.map(nameOf)).toEqual(expect.arrayContaining(manifestsIn(folder).map(nameOf)));
      expectValid(rendered);
    });

    test('refers to nothing that is neither there nor to be made by a person', () => {
      expect(danglingIn(render(folder))).toEqual([]);
    });

    test('has api and bridge find their files at one place: a folder of a volume that both mount, or a bucket', () => {
      const rendered = render(folder);
      const [api, bridge] = ['api', 'bridge'].map((app) => filesOf(app, rendered));
      expect(api).toEqual(bridge);
      if (api?.secret) expect(api).toEqual({ secret: 'remuda-files' });
      else {
        expect(api?.claim).toBe('remuda-files');
        expect(fileURLToPath(api?.url ?? '')).toMatch(new RegExp(`^${api?.mountPath ?? ''}/.`));
      }
    });

    test('lets every node be drained: no disruption budget wants as many pods as there are', () => {
      const rendered = render(folder);
      for (const { spec } of rendered.filter(({ kind }) => kind === 'PodDisruptionBudget')) {
        const selector = spec?.['selector'] as { readonly matchLabels: Readonly<Record<string, string>> };
        const guarded = rendered.find(
          ({ kind, spec: own }) =>
            ['Deployment', 'StatefulSet'].includes(kind) && isDeepStrictEqual(own?.['selector'], selector),
        );
        const { minAvailable = 0, maxUnavailable = 1 } = spec as Readonly<Record<string, number>>;
        expect(guarded?.spec?.['replicas'], JSON.stringify(selector)).toBeGreaterThan(minAvailable);
        expect(maxUnavailable).toBeGreaterThan(0);
      }
    });

    test('opens by its policies only ports that pods have', () => {
      const rendered = render(folder);
      const open = rendered.flatMap((manifest) =>
        (podTemplate(manifest)?.spec.containers ?? []).flatMap(({ ports = [] }) =>
          ports.flatMap(({ name, containerPort }) => [name, containerPort] as (string | number)[]),
        ),
      );
      const outside = [53, 5353, 443, 6443, 22, 6379];
      const named = rendered
        .filter(({ kind }) => kind === 'NetworkPolicy')
        .flatMap(({ spec }) => JSON.stringify(spec).match(/"port":(?:"[a-z]+"|\d+)/g) ?? [])
        .map((text) => JSON.parse(`{${text}}`) as { readonly port: string | number });
      expect(named.map(({ port }) => port).filter((port) => ![...open, ...outside].includes(port))).toEqual([]);
    });
  });

  test('the one for production has its own images, several of each app, and no Redis', () => {
    const rendered = render('overlays/production');
    const pods = rendered.flatMap((manifest) => podTemplate(manifest) ?? []);
    for (const { image } of pods.flatMap((pod) => pod.spec.containers))
      expect(image).toMatch(/^registry\.example\.com\/remuda-\w+:\d/);
    const counts = rendered.flatMap(({ kind, metadata, spec }) =>
      kind === 'Deployment' ? [[metadata.name, spec?.['replicas']]] : [],
    );
    expect(counts.toSorted()).toEqual([
      ['remuda-api', 3],
      ['remuda-bridge', 2],
      ['remuda-scheduler', 2],
    ]);
    for (const { spec } of pods)
      for (const { name, ...from } of spec.containers[0]?.env ?? [])
        if (name === 'REMUDA_REDIS_URL')
          expect(from).toEqual({ valueFrom: { secretKeyRef: { name: 'remuda-redis', key: 'url' } } });
  });

  test('the one for kind has one of each, and asks for a few hundred MB in all', () => {
    const rendered = render('overlays/kind');
    const pods = rendered.flatMap((manifest) => {
      const replicas = Number(manifest.spec?.['replicas']);
      return (podTemplate(manifest)?.spec.containers ?? []).map((container) => ({ ...container, replicas }));
    });
    expect(pods.map(({ replicas }) => replicas)).toEqual(pods.map(() => 1));
    const wanted = pods.map(({ resources }) =>
      Number(/"requests":\{[^}]*"memory":"(\d+)Mi"/.exec(JSON.stringify(resources))?.[1]),
    );
    expect(wanted.reduce((sum, mb) => sum + mb, 0)).toBeLessThan(400);
  });
});

/** What the pods of an app are told of the place of files; undefined is left out. */
function filesOf(app: string, rendered: readonly Manifest[]) {
  const { spec } = podTemplate(rendered.find((each) => nameOf(each) === `Deployment/remuda-${app}`)!)!;
  const [container] = spec.containers;
  const maps = container?.envFrom?.map(({ configMapRef }) => configMapRef?.name) ?? [];
  const data = rendered.flatMap((each) => (maps.includes(each.metadata.name) ? [each.data ?? {}] : []));
  const volumes = (spec['volumes'] ?? []) as { name: string; persistentVolumeClaim?: { claimName: string } }[];
  const volume = volumes.find(({ persistentVolumeClaim }) => persistentVolumeClaim);
  return {
    url: data.find(({ REMUDA_BLOBS_URL: url }) => url !== undefined)?.['REMUDA_BLOBS_URL'],
    secret: container?.envFrom?.find(({ secretRef }) => secretRef?.name === 'remuda-files')?.secretRef?.name,
    claim: volume?.persistentVolumeClaim?.claimName,
    mountPath: container?.volumeMounts?.find(({ name }) => name === volume?.name)?.mountPath,
  };
}

/** Secrets that a person or an overlay brings; each overlay says so in its first lines, or the README does. */
const brought = new Set(
  ['redis', 'model', 'bridge-tls', 'scheduler-tls', 'files'].map((name) => `Secret/remuda-${name}`),
);

/** What is referred to and is not there, by kind and name. Names that kustomize makes have a hash behind them. */
function danglingIn(rendered: readonly Manifest[]): readonly string[] {
  const there = new Set(rendered.map(nameOf));
  const used = rendered.flatMap((manifest) => {
    const text = JSON.stringify(podTemplate(manifest)?.spec ?? {});
    const refs = (kind: string, pattern: RegExp): readonly string[] =>
      [...text.matchAll(pattern)].map(([, name = '']) => `${kind}/${name}`);
    return [
      ...refs('Secret', /"secretKeyRef":\{[^}]*"name":"([^"]+)"/g),
      ...refs('Secret', /"secretName":"([^"]+)"/g),
      // those that may be missing say so behind their name
      ...refs('Secret', /"secretRef":\{"name":"([^"]+)"\}/g),
      ...refs('ConfigMap', /"configMapRef":\{"name":"([^"]+)"/g),
      ...refs('ConfigMap', /"configMap":\{"name":"([^"]+)"/g),
      ...refs('ServiceAccount', /"serviceAccountName":"([^"]+)"/g),
      ...refs('PersistentVolumeClaim', /"claimName":"([^"]+)"/g),
    ];
  });
  return [...new Set(used)].filter((name) => !there.has(name) && !brought.has(name));
}

const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

function expectValid(manifests: readonly Manifest[]): void {
  for (const manifest of manifests)
    expect(() => {
      validate(manifest);
    }, nameOf(manifest)).not.toThrow();
  expect(typeFaults(manifests)).toEqual([]);
}

test('every manifest fits the model of its kind, and has no field that its kind does not have', () => {
  expectValid([...base, ...production]);
});

test.each(withPods)('the pods of $name keep to Pod Security `restricted`, read-only root included', ({ template }) => {
  const { spec } = template;
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  // only the scheduler asks the API server for anything
  expect(spec.automountServiceAccountToken).toBe(template.metadata.labels['app.kubernetes.io/name'] === 'scheduler');
  // else Kubernetes sets REMUDA_BRIDGE_PORT and its like, for the Services that there are
  expect(spec['enableServiceLinks']).toBe(false);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(spec).not.toHaveProperty(field);
  for (const container of spec.containers) {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container).toMatchObject({ readinessProbe: {}, livenessProbe: {}, resources: { requests: {}, limits: {} } });
  }
});

test.each<[string, Readonly<Record<string, Setting<unknown>>>, (read: Readonly<Record<string, unknown>>) => unknown[]]>(
  [
    ['api', apiSettings, ({ port }) => [port]],
    ['scheduler', schedulerSettings, ({ port }) => [port]],
    ['bridge', bridgeSettings, ({ listen, adminPort }) => [(listen as { port: number }).port, adminPort]],
  ],
)(
  'the %s reads every variable that its pods are given, and its ports are those that are named',
  (app, table, ports) => {
    const found = withPods.find(({ name }) => name === `remuda-${app}`);
    const [container] = found?.template.spec.containers ?? [];
    const given = {
      ...sharedEnv(container),
      // As Kubernetes does it: a variable stands for another one that is there.
      ...Object.fromEntries(
        (container?.env ?? []).map(({ name, value }) => [name, value?.replaceAll(/\$\(([A-Z_]+)\)/g, 'x')]),
      ),
    };
    const known = Object.values(table).map(({ env }) => env);
    expect(Object.keys(given).filter((name) => !parts.has(name) && !known.includes(name))).toEqual([]);
    const settings: Readonly<Record<string, unknown>> = readSettings(table, {
      ...given,
      REMUDA_REDIS_URL: 'redis://x',
    });
    expect(container?.ports?.map(({ containerPort }) => containerPort)).toEqual(ports(settings));
  },
);

/** Variables of a pod that are there for others to be made of. */
const parts: ReadonlySet<string> = new Set(['REDIS_PASSWORD', 'POD_NAMESPACE']);

/** The environment that a container has from ConfigMaps. */
function sharedEnv({ envFrom = [] }: Partial<Container> = {}): Readonly<Record<string, string>> {
  const names = envFrom.map(({ configMapRef }) => configMapRef?.name);
  const { configMapGenerator } = kustomization('base');
  const literals = configMapGenerator.flatMap((map) => (names.includes(map.name) ? (map.literals ?? []) : []));
  return Object.fromEntries(literals.map((literal) => literal.split('=', 2) as [string, string]));
}

test('every Service leads to the named ports of its pods', () => {
  const labels = withPods.map(({ template }) => template);
  for (const { kind, metadata, spec = {} } of base) {
    if (kind !== 'Service') continue;
    const selector = spec['selector'] as Readonly<Record<string, string>>;
    const pods = labels.filter((pod) => Object.entries(selector).every(([key, is]) => pod.metadata.labels[key] === is));
    const names = pods.flatMap((pod) =>
      pod.spec.containers.flatMap((each) => each.ports?.map((port) => port.name) ?? []),
    );
    const wanted = (spec['ports'] as readonly { targetPort: string }[]).map((port) => port.targetPort);
    expect(names, metadata.name).toEqual(wanted);
  }
});

test('what no policy allows is denied, for all pods', () => {
  const deny = base.find(({ metadata }) => metadata.name === 'remuda-default-deny');
  expect(deny?.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
  expect(deny?.spec).not.toHaveProperty('ingress');
  expect(deny?.spec).not.toHaveProperty('egress');
  const selector = isRecord(deny?.spec?.['podSelector']) ? deny.spec['podSelector']['matchLabels'] : undefined;
  for (const { template } of withPods) expect(template.metadata.labels).toMatchObject(selector as object);
});

test('the scheduler has every right that its runtime asks for, and no other', () => {
  const role = base.find(
    ({ kind, metadata }) => kind === 'Role' && metadata.name === 'remuda-scheduler',
  ) as unknown as {
    readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  };
  const given = role.rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((on) => verbs.map((verb) => `${verb} ${on}`)),
  );
  expect(given.toSorted()).toEqual(
    kubernetesRights({ made: true, enrolled: false })
      .map(({ verb, resource }) => `${verb} ${resource}`)
      .toSorted(),
  );
});

test('the images are those that docker/build.mjs makes, and Redis', () => {
  const used = withPods.flatMap(({ template }) => template.spec.containers.map(({ image }) => image)).toSorted();
  expect(
    kustomization('base')
      .images.map(({ name }) => name)
      .toSorted(),
  ).toEqual(used);
  expect(used).toEqual(['redis', ...['api', 'bridge', 'scheduler'].map((app) => `remuda-${app}`)]);
  const { version } = JSON.parse(readDocument('package.json')) as { version: string };
  for (const { name, newTag } of kustomization('base').images) if (name !== 'redis') expect(newTag).toBe(version);
  const scheduler = withPods.find(({ name }) => name === 'remuda-scheduler')?.template.spec.containers[0];
  const worker = scheduler?.env?.find(({ name }) => name === 'REMUDA_WORKER_IMAGE');
  expect(worker?.value).toBe(`remuda-worker:${version}`);
});

test.each(kustomizedFolders())('the scheduler can read the profiles file of k8s/%s', (folder) => {
  const text = readDocument(`k8s/${folder}/profiles.yaml`);
  expect(readProfiles(parse(text) as unknown, { image: 'any', warm: 1, max: 2 })).not.toEqual([]);
});
