import { execFileSync } from 'node:child_process';
import { kubernetesRights } from '@remuda/containers';
import { readSettings, type Setting } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { describe, expect, test } from 'vitest';
import { apiSettings } from '../../../apps/api/src/settings.js';
import { bridgeSettings } from '../../../apps/bridge/src/settings.js';
import { readProfiles } from '../../../apps/scheduler/src/profiles/profiles.js';
import { schedulerSettings } from '../../../apps/scheduler/src/settings.js';
import { parse } from 'yaml';
import { readDocument, root } from './document.js';
import {
  kustomization,
  kustomizedFolders,
  manifestsIn,
  podTemplate,
  readManifests,
  typeFaults,
  validate,
  type Manifest,
} from './manifests.js';

const base = manifestsIn('base');
const example = manifestsIn('overlays/example');
const withPods = base.flatMap((manifest) => {
  const template = podTemplate(manifest);
  return template ? [{ name: manifest.metadata.name, manifest, template }] : [];
});

/** The first of the programs that can render. */
const renderer = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
].find(([program = '']) => {
  try {
    execFileSync(program, ['version', ...(program === 'kubectl' ? ['--client'] : [])], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** What a folder under `k8s` renders to. */
function render(folder: string): readonly Manifest[] {
  const [program = '', verb = ''] = renderer ?? [];
  return readManifests(execFileSync(program, [verb, `k8s/${folder}`], { cwd: root, encoding: 'utf8' }));
}

describe.skipIf(renderer === undefined)('rendered', () => {
  test.each(kustomizedFolders())('k8s/%s has its objects, and each fits its model', (folder) => {
    const rendered = render(folder);
    expect(rendered.map(nameOf)).toEqual(expect.arrayContaining(manifestsIn(folder).map(nameOf)));
    expectValid(rendered);
  });

  test('the example has the base in a namespace of its own, with its own images and secrets', () => {
    const rendered = render('overlays/example');
    const pods = rendered.flatMap((manifest) => podTemplate(manifest) ?? []);
    expect(rendered.filter((manifest) => manifest.kind === 'Secret')).toHaveLength(2);
    expect(pods).toHaveLength(withPods.length);
    for (const { image } of pods.flatMap((pod) => pod.spec.containers))
      expect(image).toMatch(/^registry\.example\.com\/remuda-\w+:\d|^redis:\d/);
  });
});

const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

function expectValid(manifests: readonly Manifest[]): void {
  for (const manifest of manifests)
    expect(() => {
      validate(manifest);
    }, nameOf(manifest)).not.toThrow();
  expect(typeFaults(manifests)).toEqual([]);
}

test('every manifest fits the model of its kind, and has no field that its kind does not have', () => {
  expectValid([...base, ...example]);
});

test.each(withPods)('the pods of $name keep to Pod Security `restricted`, read-only root included', ({ template }) => {
  const { spec } = template;
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  expect(spec.automountServiceAccountToken).toBe(false);
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

test.each<[string, Readonly<Record<string, Setting<unknown>>>, string]>([
  ['api', apiSettings, 'port'],
  ['scheduler', schedulerSettings, 'port'],
  ['bridge', bridgeSettings, 'port'],
])('the %s reads every variable that its pods are given, and its port is the one that is named', (app, table, port) => {
  const found = withPods.find(({ name }) => name === `remuda-${app}`);
  const [container] = found?.template.spec.containers ?? [];
  const given = {
    ...sharedEnv(),
    // As Kubernetes does it: a variable stands for another one that is there.
    ...Object.fromEntries(
      (container?.env ?? []).map(({ name, value }) => [name, value?.replaceAll(/\$\(([A-Z_]+)\)/g, 'x')]),
    ),
  };
  const known = Object.values(table).map(({ env }) => env);
  expect(Object.keys(given).filter((name) => !parts.has(name) && !known.includes(name))).toEqual([]);
  const settings: Readonly<Record<string, unknown>> = readSettings(table, { ...given, REMUDA_REDIS_URL: 'redis://x' });
  expect(container?.ports?.map(({ containerPort }) => containerPort)).toEqual([settings[port]]);
});

/** Variables of a pod that are there for others to be made of. */
const parts: ReadonlySet<string> = new Set(['REDIS_PASSWORD', 'POD_NAMESPACE']);

/** The environment that the ConfigMap `remuda` holds. */
function sharedEnv(): Readonly<Record<string, string>> {
  const { literals = [] } = kustomization('base').configMapGenerator.find(({ name }) => name === 'remuda') ?? {};
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
  expect(given.toSorted()).toEqual(kubernetesRights.map(({ verb, resource }) => `${verb} ${resource}`).toSorted());
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
});

test.each(['base', 'overlays/example'])('the scheduler can read the profiles file of k8s/%s', (folder) => {
  const text = readDocument(`k8s/${folder}/profiles.yaml`);
  expect(readProfiles(parse(text) as unknown, { image: 'any', warm: 1, max: 2 })).not.toEqual([]);
});
