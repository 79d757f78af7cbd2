import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** All that the apps of a cluster have logged. */
export async function logsOf(cluster: { readonly logDir: string }): Promise<string> {
  const names = await readdir(cluster.logDir);
  return (await Promise.all(names.map((name) => readFile(join(cluster.logDir, name), 'utf8')))).join('\n');
}
