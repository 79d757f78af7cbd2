import { domainToASCII } from 'node:url';
import {
  RemudaError,
  egressFault,
  egressLimits,
  engineKinds,
  permissionModes,
  readEgress,
  secretLimits,
  secretNameFault,
  serverTools,
  writeEgressRule,
  type Fault,
  type PermissionMode,
  type Profile,
  type Resources,
  type ToolRules,
} from '@remuda/domain';
import { FieldReader } from '../field-reader.js';
import { readEgressCredentials } from './egress-credentials.js';
import { readKubernetes } from './pod-template.js';
import { readPoolSize } from './pool-size.js';

/** Defaults of a profile. */
export interface ProfileDefaults {
  readonly image: string;
  readonly warm: number;
  readonly max: number;
}

const defaultResources: Resources = { cpus: 2, memoryMb: 4_096, pids: 512, diskMb: 2_048 };
const defaultModel = 'claude-sonnet-4-5';

/** The profile used without a file, and the basis of every other one. */
export function defaultProfile(name: string, defaults: ProfileDefaults): Profile {
  return {
    name,
    image: defaults.image,
    engine: 'stream',
    model: defaultModel,
    models: ['haiku'],
    serverTools: [],
    egress: [],
    permissionMode: 'bypassPermissions',
    tools: {},
    trustRepository: false,
    pool: { warm: Math.min(defaults.warm, defaults.max), max: defaults.max },
    resources: defaultResources,
    recycle: { afterJobs: 1, afterMs: 3_600_000, idleMs: 300_000 },
    network: 'none',
  };
}

/** Reads a profiles file: `profiles:` with one entry per name. Refuses with `config.invalid` and all faults. */
export function readProfiles(content: unknown, defaults: ProfileDefaults): readonly Profile[] {
  const faults: Fault[] = [];
  const reader = new FieldReader(faults);
  const entries = reader.object(reader.object(content, 'file', ['profiles'])['profiles'], 'profiles');
  if (Object.keys(entries).length === 0 && faults.length === 0)
    reader.fault('profiles', 'expected at least one profile');
  const profiles = Object.entries(entries).map(([name, value]) => readProfile(reader, name, value, defaults));
  if (faults.length === 0) return profiles;
  const lines = faults.map((fault) => `  ${fault.path}: ${fault.message}`).join('\n');
  throw new RemudaError('config.invalid', `The profiles file has ${String(faults.length)} fault(s):\n${lines}`, {
    faults,
  });
}

const fields = [
  ...['image', 'engine', 'model', 'models', 'appendSystemPrompt', 'permissionMode', 'tools', 'trustRepository'],
  ...['pool', 'resources', 'recycle', 'network', 'serverTools', 'secrets', 'egress', 'egressCredentials', 'kubernetes'],
  ...['prepare', 'cache'],
];

function readProfile(reader: FieldReader, name: string, value: unknown, defaults: ProfileDefaults): Profile {
  const at = `profiles.${name}`;
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
    reader.fault(at, 'expected a name of lower-case letters, digits and dashes, at most 40');
  const entry = reader.object(value ?? {}, at, fields);
  const base = defaultProfile(name, defaults);
  const recycle = reader.object(entry['recycle'] ?? {}, `${at}.recycle`, [
    'afterJobs',
    'afterMs',
    'idleMs',
    'aboveRssMb',
  ]);
  const resources = reader.object(entry['resources'] ?? {}, `${at}.resources`, ['cpus', 'memoryMb', 'pids', 'diskMb']);
  const number = (
    from: Record<string, unknown>,
    key: string,
    path: string,
    fallback: number,
    min: number,
    max: number,
  ): number => reader.number(from[key], `${at}.${path}.${key}`, fallback, min, max);
  const pool = readPoolSize(reader, entry['pool'], `${at}.pool`, base.pool);
  const prompt = reader.text(entry['appendSystemPrompt'], `${at}.appendSystemPrompt`);
  return {
    name,
    image: reader.text(entry['image'], `${at}.image`) ?? base.image,
    engine: reader.oneOf(entry['engine'], `${at}.engine`, engineKinds) ?? base.engine,
    model: reader.text(entry['model'], `${at}.model`) ?? base.model,
    models: reader.texts(entry['models'], `${at}.models`) ?? base.models,
    serverTools: reader.someOf(entry['serverTools'], `${at}.serverTools`, serverTools) ?? base.serverTools,
    egress: readHosts(reader, entry['egress'], `${at}.egress`) ?? base.egress,
    ...(prompt === undefined ? {} : { appendSystemPrompt: prompt }),
    permissionMode:
      reader.oneOf<PermissionMode>(entry['permissionMode'], `${at}.permissionMode`, permissionModes) ??
      base.permissionMode,
    tools: readTools(reader, entry['tools'], `${at}.tools`),
    trustRepository: reader.flag(entry['trustRepository'], `${at}.trustRepository`) ?? base.trustRepository,
    pool,
    resources: {
      cpus: number(resources, 'cpus', 'resources', base.resources.cpus, 0.1, 256),
      memoryMb: number(resources, 'memoryMb', 'resources', base.resources.memoryMb, 256, 1_048_576),
      pids: number(resources, 'pids', 'resources', base.resources.pids, 32, 100_000),
      diskMb: number(resources, 'diskMb', 'resources', base.resources.diskMb, 16, 1_048_576),
    },
    recycle: {
      afterJobs: number(recycle, 'afterJobs', 'recycle', base.recycle.afterJobs, 1, 1_000_000),
      afterMs: number(recycle, 'afterMs', 'recycle', base.recycle.afterMs, 1_000, 30 * 86_400_000),
      idleMs: number(recycle, 'idleMs', 'recycle', base.recycle.idleMs, 0, 30 * 86_400_000),
      ...given(
        'aboveRssMb',
        reader.number(recycle['aboveRssMb'], `${at}.recycle.aboveRssMb`, undefined, 64, 1_048_576),
      ),
    },
    network: reader.text(entry['network'], `${at}.network`) ?? base.network,
    ...(entry['secrets'] === undefined ? {} : { secrets: readSecretNames(reader, entry['secrets'], `${at}.secrets`) }),
    ...(entry['egressCredentials'] === undefined
      ? {}
      : { egressCredentials: readEgressCredentials(reader, entry['egressCredentials'], `${at}.egressCredentials`) }),
    ...givenText('prepare', readScript(reader, entry['prepare'], `${at}.prepare`)),
    ...givenText('cache', readVolume(reader, entry['cache'], `${at}.cache`)),
    ...(entry['kubernetes'] ? readKubernetes(reader, entry['kubernetes'], `${at}.kubernetes`) : {}),
  };
}

function readSecretNames(reader: FieldReader, value: unknown, at: string): readonly string[] {
  const names = reader.texts(value, at) ?? [];
  if (names.length > secretLimits.count) reader.fault(at, `expected at most ${String(secretLimits.count)} names`);
  for (const [i, name] of names.entries()) {
    const fault = secretNameFault(name);
    if (fault !== undefined) reader.fault(`${at}[${String(i)}]`, fault);
  }
  return names;
}

/** Hosts in the form in which the bridge compares them. */
function readHosts(reader: FieldReader, value: unknown, at: string): readonly string[] | undefined {
  const entries = reader.texts(value, at);
  if (entries && entries.length > egressLimits.entries)
    reader.fault(at, `expected at most ${String(egressLimits.entries)} entries`);
  for (const [i, entry] of (entries ?? []).entries()) {
    const fault = egressFault(entry, domainToASCII);
    if (fault !== undefined) reader.fault(`${at}[${String(i)}]`, `${fault}, not ${JSON.stringify(entry)}`);
  }
  return entries && readEgress(entries, domainToASCII).map(writeEgressRule);
}

function readTools(reader: FieldReader, value: unknown, at: string): ToolRules {
  const tools = reader.object(value ?? {}, at, ['allow', 'deny']);
  const allow = reader.texts(tools['allow'], `${at}.allow`);
  const deny = reader.texts(tools['deny'], `${at}.deny`);
  return { ...(allow ? { allow } : {}), ...(deny ? { deny } : {}) };
}

/** A script is a part of each worker's environment, of which Linux takes 128 KiB for one variable. */
const scriptBytes = 65_536;

function readScript(reader: FieldReader, value: unknown, at: string): string | undefined {
  const script = reader.text(value, at);
  if (script !== undefined && Buffer.byteLength(script) > scriptBytes)
    reader.fault(at, `expected at most ${String(scriptBytes)} bytes`);
  return script;
}

/** The name of a volume, as the Docker engine takes it; a path of the host is none. */
function readVolume(reader: FieldReader, value: unknown, at: string): string | undefined {
  const volume = reader.text(value, at);
  if (volume !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(volume))
    reader.fault(at, `expected the name of a volume: letters, digits, "_", "." and "-", not ${JSON.stringify(volume)}`);
  return volume;
}

const givenText = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };

const given = <K extends string>(key: K, value: number | undefined): { readonly [P in K]?: number } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: number };
