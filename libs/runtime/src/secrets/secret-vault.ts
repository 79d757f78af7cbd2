import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultTenant, secretNameFault, type SecretVault } from '@remuda/domain';

/** Prefix of variables that hold the secrets of the default tenant. */
export const secretVariablePrefix = 'REMUDA_SECRET_';

/** Secrets in environment variables `REMUDA_SECRET_<NAME>`, of the default tenant only. */
export class EnvironmentVault implements SecretVault {
  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  find(tenant: string, name: string): Promise<string | undefined> {
    const value = tenant === defaultTenant ? this.env[secretVariablePrefix + name] : undefined;
    return Promise.resolve(value || undefined);
  }
}

/** The format of a tenant that can be a folder: no other one has files. */
const folderName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

/**
 * Secrets in files `<folder>/<tenant>/<NAME>`, without the line end that an editor leaves; read for each attempt, so
 * that a renewed value reaches the next one.
 */
export class FolderVault implements SecretVault {
  constructor(private readonly folder: string) {}

  async find(tenant: string, name: string): Promise<string | undefined> {
    if (!folderName.test(tenant) || secretNameFault(name) !== undefined) return undefined;
    const text = await readFile(join(this.folder, tenant, name), 'utf8').catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    });
    return text?.replace(/\r?\n$/, '') || undefined;
  }
}

/** Several vaults: the first one that has the secret gives it. */
export class Vaults implements SecretVault {
  constructor(private readonly vaults: readonly SecretVault[]) {}

  async find(tenant: string, name: string): Promise<string | undefined> {
    for (const vault of this.vaults) {
      const value = await vault.find(tenant, name);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
