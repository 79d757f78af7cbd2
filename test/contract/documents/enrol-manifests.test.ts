import { join } from 'node:path';
import { kubernetesRights, workerLayout } from '@remuda/containers';
import { readSettings } from '@remuda/domain';
import { enrolmentAudience, workerEnv } from '@remuda/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readProfiles } from '../../../apps/scheduler/src/profiles/profiles.js';
import { schedulerSettings } from '../../../apps/scheduler/src/settings.js';
import { workerSettings } from '../../../apps/worker/src/settings.js';
import { readDocument, root } from './document.js';
import { canRender, podTemplate, rendered, type Container, type Manifest, type PodTemplate } from './manifests.js';

type Named = Readonly<Record<string, unknown>>;

/** A rule of a role. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

describe.skipIf(!canRender).each<[string, string, (spec: Named) => unknown]>([
  ['keda', 'ScaledJob', ({ maxReplicaCount }) => maxReplicaCount],
  ['hpa', 'HorizontalPodAutoscaler', ({ maxReplicas }) => maxReplicas],
])('k8s/overlays/%s', (overlay, scalerKind, mostOf) => {
  let all: readonly Manifest[];
  let pod: PodTemplate;
  let worker: Container;
  let agent: Container;

  const find = (kind: string, name: string): Manifest =>
    all.find((one) => one.kind === kind && one.metadata.name === name)!;
  const envOf = ({ env = [] }: Container) => Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const scheduler = (): Container => podTemplate(find('Deployment', 'remuda-scheduler'))!.spec.containers[0]!;
  const profile = () =>
    readProfiles(parse(readDocument(`k8s/overlays/${overlay}/profiles.yaml`)), { image: 'any', warm: 1, max: 2 })[0]!;

  beforeAll(() => {
    all = rendered(join(root, 'k8s/overlays', overlay));
    const made = all.find(
      ({ kind, metadata }) => kind !== 'HorizontalPodAutoscaler' && metadata.name === 'remuda-workers',
    );
    pod = podTemplate(made!)!;
    [worker, agent] = pod.spec.containers as [Container, Container];
  });

  test('has pods of two containers that keep to Pod Security `restricted`', () => {
    expect([worker.name, agent.name]).toEqual(['worker', 'agent']);
    const seccompProfile = { type: 'RuntimeDefault' };
    expect(pod.spec.securityContext).toEqual({ runAsNonRoot: true, fsGroup: workerLayout.gid, seccompProfile });
    const walls = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
    const group = { runAsGroup: workerLayout.gid };
    expect(worker.securityContext).toEqual({ ...walls, ...group, runAsUser: workerLayout.workerUid });
    expect(agent.securityContext).toEqual({ ...walls, ...group, runAsUser: workerLayout.uid });
    expect(pod.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    for (const { resources } of [worker, agent]) expect(resources).toMatchObject({ requests: {}, limits: {} });
  });

  test('gives the token to the worker and not to the agent, for the audience that the scheduler asks for', () => {
    const mounts = (container: Container) => (container as { volumeMounts?: readonly Named[] }).volumeMounts ?? [];
    const token = mounts(worker).find(({ name }) => name === 'token');
    const { enrolTokenFile, enrolledFile, agentSocket } = readSettings(workerSettings, {
      [workerEnv.agentSocket]: envOf(worker)[workerEnv.agentSocket],
    });
    expect(enrolTokenFile).toBe(`${String(token?.['mountPath'])}/token`);
    expect(JSON.stringify(pod.spec['volumes'])).toContain(`"audience":"${enrolmentAudience}"`);
    expect(mounts(agent).map(({ name }) => name)).toEqual(['workspace', 'home', 'tmp', 'sockets']);
    expect(agent.env).toBeUndefined();
    expect((agent as { command?: unknown }).command).toEqual([...workerLayout.agent, workerLayout.agentSocket]);
    expect(agentSocket).toBe(workerLayout.agentSocket);
    expect(worker.readinessProbe).toMatchObject({ exec: { command: ['test', '-e', enrolledFile] } });
  });

  test('leads workers to where the scheduler listens, and names a profile that lets them in', () => {
    const { REMUDA_ENROL: url = '', REMUDA_ENROL_PROFILE: name } = envOf(worker);
    const listen = scheduler().ports?.find((one) => one.name === 'enrol')?.containerPort;
    expect(envOf(scheduler())).toMatchObject({ REMUDA_ENROL_LISTEN: `0.0.0.0:${String(listen)}` });
    expect(url).toBe(`https://remuda-scheduler:${String(listen)}`);
    const port = { name: 'enrol', port: listen, targetPort: 'enrol' };
    expect(find('Service', 'remuda-scheduler').spec?.['ports']).toContainEqual(port);
    expect(profile()).toMatchObject({ name, enrol: { serviceAccounts: [pod.spec.serviceAccountName] } });
  });

  test('gives apps and workers variables that they read', () => {
    const known = (table: object) =>
      Object.values(table as Readonly<Record<string, { env: string }>>).map(({ env }) => env);
    expect(Object.keys(envOf(worker)).filter((name) => !known(workerSettings).includes(name))).toEqual([]);
    const parts = ['REDIS_PASSWORD', 'POD_NAMESPACE'];
    const given = Object.keys(envOf(scheduler())).filter((name) => !parts.includes(name));
    expect(given.filter((name) => !known(schedulerSettings).includes(name))).toEqual([]);
  });

  test('leaves a worker more time to go than a job may take to finish', () => {
    const drainMs = Number(envOf(scheduler())['REMUDA_DRAIN_MS']);
    expect(pod.spec['terminationGracePeriodSeconds']).toBeGreaterThanOrEqual(drainMs / 1_000 + 10);
  });

  test('gives the scheduler every right that its runtime asks for, and no other', () => {
    const rightsOf = ({ rules }: { readonly rules: readonly Rule[] }) =>
      rules.flatMap(({ resources, verbs }) => resources.flatMap((on) => verbs.map((verb) => `${verb} ${on}`)));
    const given = {
      namespace: rightsOf(find('Role', 'remuda-scheduler') as never),
      cluster: rightsOf(find('ClusterRole', 'remuda-token-reviews') as never),
    };
    const needed = kubernetesRights({ made: false, enrolled: true });
    for (const scope of ['namespace', 'cluster'] as const) {
      const wanted = needed.filter((right) => right.scope === scope).map(({ verb, resource }) => `${verb} ${resource}`);
      expect(given[scope].toSorted()).toEqual(wanted.toSorted());
    }
    const subjects = [{ kind: 'ServiceAccount', name: 'remuda-scheduler', namespace: 'remuda' }];
    expect(find('ClusterRoleBinding', 'remuda-token-reviews')).toMatchObject({ subjects });
  });

  test('asks for as many workers as the pool may have, by the number that the scheduler gives', () => {
    const { spec = {} } = all.find(({ kind }) => kind === scalerKind)!;
    const { pool, name } = profile();
    expect(mostOf(spec)).toBe(pool.max);
    const text = JSON.stringify(spec);
    if (overlay === 'hpa')
      expect(text).toContain(`"name":"remuda_desired_workers","selector":{"matchLabels":{"profile":"${name}"}}`);
    else
      expect(text).toContain(
        `"http://remuda-scheduler.remuda/internal/scale/${name}","valueLocation":"desiredWorkers"`,
      );
  });

  test('has workers of the version of this repository', () => {
    const { version } = JSON.parse(readDocument('package.json')) as { version: string };
    expect([worker.image, agent.image]).toEqual([`remuda-worker:${version}`, `remuda-worker:${version}`]);
  });
});

test.skipIf(!canRender)(
  'one job per pod wants Jobs that end, and leaves what is idle to the workers themselves',
  () => {
    const job = rendered(join(root, 'k8s/overlays/keda')).find(({ kind }) => kind === 'ScaledJob');
    expect(podTemplate(job!)?.spec).toMatchObject({ restartPolicy: 'Never' });
    expect(job?.spec?.['jobTargetRef']).toMatchObject({ backoffLimit: 0 });
    const text = readDocument('k8s/overlays/keda/profiles.yaml');
    const [profile] = readProfiles(parse(text), { image: 'any', warm: 1, max: 2 });
    expect(profile).toMatchObject({ recycle: { afterJobs: 1 }, enrol: { surplus: 'leave' } });
  },
);
