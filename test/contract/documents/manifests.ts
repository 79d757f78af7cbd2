import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '@remuda/protocol';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ScaledJob } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import { ConfigMap, Namespace, PersistentVolumeClaim, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import ts from 'typescript';
import { parse, parseAllDocuments } from 'yaml';
import { readDocument, root } from './document.js';

/** An object of Kubernetes, as far as all have it in common. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Of a ConfigMap or Secret. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A container of a pod, as far as the tests look at it. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly envFrom?: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: object;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
}

/** What a Deployment or StatefulSet makes pods of. */
export interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly automountServiceAccountToken?: boolean;
    readonly serviceAccountName?: string;
    readonly securityContext?: Readonly<Record<string, unknown>>;
  } & Readonly<Record<string, unknown>>;
}

/** A folder's `kustomization.yaml`. */
export interface Kustomization {
  readonly kind: 'Kustomization' | 'Component';
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly configMapGenerator: readonly { readonly name: string; readonly literals?: readonly string[] }[];
}

/** The kustomization of a folder under `k8s`. */
export function kustomization(folder: string): Kustomization {
  return parse(readDocument(`k8s/${folder}/kustomization.yaml`)) as Kustomization;
}

/** Every object in a text of YAML documents. */
export function readManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text, { merge: true }).map((document) => document.toJS() as Manifest);
}

/** Every object in the files of a folder under `k8s` that its kustomization names. */
export function manifestsIn(folder: string): readonly Manifest[] {
  const files = kustomization(folder).resources.filter((name) => name.endsWith('.yaml'));
  return files.flatMap((file) => readManifests(readDocument(`k8s/${folder}/${file}`)));
}

/** The folders under `k8s` that can be rendered: a component is rendered with each overlay that has it. */
export function kustomizedFolders(): readonly string[] {
  const files = readdirSync(join(root, 'k8s'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('/kustomization.yaml'))
    .map((file) => file.slice(0, file.lastIndexOf('/')))
    .filter((folder) => kustomization(folder).kind === 'Kustomization');
}

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

/** Whether there is a program here that renders. */
export const canRender = renderer !== undefined;

/** What the folder at a path renders to. */
export function rendered(path: string): readonly Manifest[] {
  const [program = '', verb = ''] = renderer ?? [];
  return readManifests(execFileSync(program, [verb, path], { encoding: 'utf8' }));
}

/** The pod template of an object that has one. */
export function podTemplate({ spec: own }: Manifest): PodTemplate | undefined {
  const spec = isRecord(own?.['jobTargetRef']) ? own['jobTargetRef'] : own;
  return isRecord(spec?.['template']) ? (spec['template'] as unknown as PodTemplate) : undefined;
}

/** The models of the kinds that we use. */
const models: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Role,
  RoleBinding,
  ScaledJob,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
};

/** Throws when the object does not fit the schema of its kind: wrong types, missing fields. */
export function validate(manifest: Manifest): void {
  const Model = models[manifest.kind];
  if (!Model) throw new Error(`${manifest.kind} is no kind that is looked after here`);
  new Model(manifest as never).validate();
}

/** The package with the models of an object's kind. */
function modelsOf({ apiVersion }: Manifest): string {
  return apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';
}

/** What a type checker says of the objects: it knows the fields that there are, which a schema's validator does not. */
export function typeFaults(manifests: readonly Manifest[]): readonly string[] {
  const file = join(root, 'manifests.generated.ts');
  const source = manifests
    .map((manifest, i) => {
      const name = `_${i}_${manifest.kind}`;
      return `import type { I${manifest.kind} as ${name} } from '${modelsOf(manifest)}/${manifest.apiVersion}/${manifest.kind}';
export const ${manifest.kind.toLowerCase()}${i}: ${name} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const withSource: ts.CompilerHost = {
    ...host,
    fileExists: (path) => path === file || host.fileExists(path),
    getSourceFile: (path, version) =>
      path === file ? ts.createSourceFile(path, source, version) : host.getSourceFile(path, version),
  };
  const program = ts.createProgram([file], options, withSource);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
