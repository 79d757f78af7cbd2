import { posix } from 'node:path';
import type { Workspace } from '../clients/client.js';

/** A folder of a client: as its container sees it, within one of its workspaces. */
export interface FoundFolder {
  readonly workspace: Workspace;
  /** The normalized path, without `.`, `..` or a slash at its end. */
  readonly path: string;
  /** The same on the host; links are not followed here. */
  readonly hostPath: string;
}

/** The workspace that contains a path of the container, the innermost one; undefined if none does. */
export function findFolder(path: string, workspaces: readonly Workspace[]): FoundFolder | undefined {
  const normal = posix.resolve('/', path);
  const around = workspaces.filter(({ container }) => isWithin(normal, container));
  const workspace = around.sort((a, b) => b.container.length - a.container.length)[0];
  if (!workspace) return undefined;
  const rest = normal.slice(workspace.container.length);
  return { workspace, path: normal, hostPath: `${workspace.host}${rest}` };
}

/** Whether a path is a folder or below it; both normalized. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
