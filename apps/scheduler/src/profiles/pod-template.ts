import type { EnrolRules, PodTemplate, PodToleration, PodVolume, Profile } from '@remuda/domain';
import type { FieldReader } from '../field-reader.js';

/** Paths in a worker that are Remuda's own. */
const ownPaths = ['/workspace', '/home/claude', '/tmp', '/run/remuda', '/opt/remuda'];
const ownVolumes = ['workspace', 'home', 'tmp'];

/** Reads what a profile says under `kubernetes:`: how its pods are made, or who may enrol those that something else makes. */
export function readKubernetes(reader: FieldReader, value: unknown, at: string): Pick<Profile, 'kubernetes' | 'enrol'> {
  const { enrol, ...template } = reader.object(value, at);
  if (enrol === undefined) return { kubernetes: readPodTemplate(reader, template, at) };
  for (const field of Object.keys(template))
    reader.fault(`${at}.${field}`, 'cannot be combined with enrol: whoever makes the pods says how');
  return { enrol: readEnrolRules(reader, enrol, `${at}.enrol`) };
}

function readEnrolRules(reader: FieldReader, value: unknown, at: string): EnrolRules {
  const entry = reader.object(value, at, ['serviceAccounts', 'surplus']);
  const serviceAccounts = reader.texts(entry['serviceAccounts'], `${at}.serviceAccounts`) ?? [];
  if (serviceAccounts.length === 0) reader.fault(`${at}.serviceAccounts`, 'expected at least one service account');
  for (const [i, name] of serviceAccounts.entries()) readName(reader, name, `${at}.serviceAccounts[${String(i)}]`);
  return {
    serviceAccounts,
    surplus: reader.oneOf(entry['surplus'], `${at}.surplus`, ['stay', 'leave'] as const) ?? 'stay',
  };
}

/** Reads how pods are made. What does not fit is a fault of the reader's, each with its place. */
function readPodTemplate(reader: FieldReader, value: unknown, at: string): PodTemplate {
  const entry = reader.object(value, at, [
    ...['nodeSelector', 'tolerations', 'runtimeClassName', 'priorityClassName', 'annotations'],
    ...['serviceAccountName', 'volumes', 'enrol'],
  ]);
  const list = (key: string): readonly unknown[] | undefined => reader.list(entry[key], `${at}.${key}`);
  return given({
    nodeSelector: reader.textsByName(entry['nodeSelector'], `${at}.nodeSelector`),
    tolerations: list('tolerations')?.map((one, i) => readToleration(reader, one, `${at}.tolerations[${String(i)}]`)),
    runtimeClassName: readName(reader, entry['runtimeClassName'], `${at}.runtimeClassName`),
    priorityClassName: readName(reader, entry['priorityClassName'], `${at}.priorityClassName`),
    annotations: reader.textsByName(entry['annotations'], `${at}.annotations`),
    serviceAccountName: readName(reader, entry['serviceAccountName'], `${at}.serviceAccountName`),
    volumes: list('volumes')?.map((one, i) => readVolume(reader, one, `${at}.volumes[${String(i)}]`)),
  });
}

function readToleration(reader: FieldReader, value: unknown, at: string): PodToleration {
  const entry = reader.object(value, at, ['key', 'operator', 'value', 'effect', 'tolerationSeconds']);
  const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
  const tolerationSeconds = reader.number(
    entry['tolerationSeconds'],
    `${at}.tolerationSeconds`,
    undefined,
    0,
    31_536_000,
  );
  return given({
    key: reader.text(entry['key'], `${at}.key`),
    operator: reader.oneOf(entry['operator'], `${at}.operator`, ['Exists', 'Equal'] as const),
    value: reader.text(entry['value'], `${at}.value`),
    effect: reader.oneOf(entry['effect'], `${at}.effect`, effects),
    tolerationSeconds,
  });
}

function readVolume(reader: FieldReader, value: unknown, at: string): PodVolume {
  const entry = reader.object(value, at, ['name', 'mountPath', 'readOnly', 'configMap', 'persistentVolumeClaim']);
  const name = readName(reader, entry['name'], `${at}.name`) ?? '';
  if (name === '' || ownVolumes.includes(name))
    reader.fault(`${at}.name`, `expected a name other than ${ownVolumes.join(', ')}`);
  const mountPath = reader.text(entry['mountPath'], `${at}.mountPath`) ?? '';
  if (!mountPath.startsWith('/') || ownPaths.some((own) => `${mountPath}/`.startsWith(`${own}/`)))
    reader.fault(`${at}.mountPath`, `expected an absolute path outside ${ownPaths.join(', ')}`);
  const configMap = readName(reader, entry['configMap'], `${at}.configMap`);
  const persistentVolumeClaim = readName(reader, entry['persistentVolumeClaim'], `${at}.persistentVolumeClaim`);
  if ((configMap === undefined) === (persistentVolumeClaim === undefined))
    reader.fault(at, 'expected either configMap or persistentVolumeClaim');
  const from = configMap === undefined ? { persistentVolumeClaim: persistentVolumeClaim ?? '' } : { configMap };
  return { name, mountPath, from, ...given({ readOnly: reader.flag(entry['readOnly'], `${at}.readOnly`) }) };
}

function readName(reader: FieldReader, value: unknown, at: string): string | undefined {
  const name = reader.text(value, at);
  if (name !== undefined && !/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
    reader.fault(at, 'expected a name as Kubernetes has them: lower-case letters, digits, dashes and dots');
  return name;
}

/** Without what is not there. */
function given<T extends object>(fields: T): { readonly [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: NonNullable<T[K]>;
  };
}
