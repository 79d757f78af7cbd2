import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import {
  RemudaError,
  anyTenant,
  isTenantName,
  tenantRules,
  type Fault,
  type TenantRule,
  type TenantRules,
} from '@remuda/domain';
import { FieldReader } from '../field-reader.js';

/** The rules of a YAML file, or none without a file. Refuses with `config.invalid`. */
export async function loadTenants(path: string | undefined): Promise<TenantRules> {
  if (path === undefined) return {};
  let content: unknown;
  try {
    content = parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RemudaError('config.invalid', `The tenants file ${path} cannot be read: ${reason}`, { cause: error });
  }
  return readTenants(content);
}

/** Reads a tenants file: `tenants:` with one entry per name, `*` for all others. Refuses with `config.invalid` and all faults. */
export function readTenants(content: unknown): TenantRules {
  const faults: Fault[] = [];
  const reader = new FieldReader(faults);
  const entries = reader.object(reader.object(content, 'file', ['tenants'])['tenants'], 'tenants');
  const rules = Object.entries(entries).map(([name, value]) => [name, readRule(reader, name, value)] as const);
  if (faults.length === 0) return Object.fromEntries(rules);
  const lines = faults.map((fault) => `  ${fault.path}: ${fault.message}`).join('\n');
  throw new RemudaError('config.invalid', `The tenants file has ${String(faults.length)} fault(s):\n${lines}`, {
    faults,
  });
}

/** What each rule may be. A whole number counts jobs. */
const bounds: Readonly<Record<keyof TenantRule, readonly [min: number, max: number]>> = {
  weight: [0.01, 1_000],
  running: [0, 100_000],
  waiting: [0, 10_000_000],
  usdPerDay: [0, 1_000_000],
  usdPerMonth: [0, 10_000_000],
  reserveUsd: [0, 10_000],
};

function readRule(reader: FieldReader, name: string, value: unknown): TenantRule {
  const at = `tenants.${name}`;
  if (name !== anyTenant && !isTenantName(name))
    reader.fault(at, 'expected a name of 1 to 63 letters, digits, `_` or `-`, or "*" for all others');
  const entry = reader.object(value ?? {}, at, tenantRules);
  const rule: { -readonly [K in keyof TenantRule]: TenantRule[K] } = {};
  for (const field of tenantRules) {
    const [min, max] = bounds[field];
    const number = reader.number(entry[field], `${at}.${field}`, undefined, min, max);
    if (number === undefined) continue;
    if ((field === 'running' || field === 'waiting') && !Number.isInteger(number))
      reader.fault(`${at}.${field}`, `expected a whole number, got ${String(number)}`);
    rule[field] = number;
  }
  return rule;
}
