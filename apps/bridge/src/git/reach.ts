import { domainToASCII } from 'node:url';
import {
  addressFault,
  addressKind,
  gitUrlFault,
  isOpenName,
  readGitUrl,
  RemudaError,
  type GitUrl,
  type GitUrlRules,
} from '@remuda/domain';

/** How git reaches a repository: only at the addresses that were checked. */
export interface Reach {
  /** The URL passed to git. */
  readonly url: string;
  readonly config: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** All addresses of a name; rejects as `dns.lookup` does. */
export type Resolve = (name: string) => Promise<readonly string[]>;

const usualPorts = { https: 443, http: 80, ssh: 22, git: 9418 } as const;

/**
 * Checks where a repository's URL points after resolving its host name, and pins the addresses, because the name may
 * resolve differently between the check and the fetch. A host that the operator allowed by name is not checked.
 * `sshCommand` is what git would run for ssh. Rejects with `workspace.failed` if the host may not be reached, and with
 * `workspace.unavailable` if no name server answers.
 */
export async function reach(
  url: string,
  rules: GitUrlRules,
  { resolve, sshCommand }: { readonly resolve: Resolve; readonly sshCommand: string },
): Promise<Reach> {
  const fault = gitUrlFault(url, rules);
  if (fault !== undefined) throw new RemudaError('workspace.failed', `The repository's URL ${fault}.`);
  const read = readGitUrl(url) as GitUrl;
  // Redirects are checked as well before they are followed.
  const way = { url, config: { 'http.followRedirects': 'false' }, env: {} };
  if (read.protocol === 'file' || isOpenName(read.host, rules.hosts) || addressKind(read.host) !== undefined)
    return way;
  const name = domainToASCII(read.host) || read.host;
  return { ...way, ...pinned(url, { ...read, host: name }, await addressesOf(name, rules, resolve), sshCommand) };
}

async function addressesOf(name: string, { hosts }: GitUrlRules, resolve: Resolve): Promise<readonly string[]> {
  const found = await resolve(name).catch((error: unknown) => {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOTFOUND';
    throw new RemudaError(
      gone ? 'workspace.failed' : 'workspace.unavailable',
      gone ? `There is no host named ${name}.` : `The name ${name} could not be resolved.`,
      { cause: error },
    );
  });
  const fault = found.map((address) => addressFault(address, hosts)).find((each) => each !== undefined);
  if (fault !== undefined || found.length === 0)
    throw new RemudaError(
      'workspace.failed',
      `The repository's URL must not point into the operator's own network (REMUDA_GIT_HOSTS allows hosts): the address of ${name} ${fault ?? 'is missing'}.`,
    );
  return found;
}

function pinned(url: string, read: GitUrl, addresses: readonly string[], sshCommand: string): Partial<Reach> {
  const { protocol, host, port } = read;
  const [first = ''] = addresses;
  const written = addresses.map((address) => (address.includes(':') ? `[${address}]` : address));
  switch (protocol) {
    case 'https':
    case 'http': {
      const entry = `${host}:${String(port ?? usualPorts[protocol])}:${written.join(',')}`;
      return { config: { 'http.followRedirects': 'false', 'http.curloptResolve': entry } };
    }
    case 'ssh': {
      const known = port === undefined || port === usualPorts.ssh ? host : `[${host}]:${String(port)}`;
      return { env: { GIT_SSH_COMMAND: `${sshCommand} -o 'HostName=${first}' -o 'HostKeyAlias=${known}'` } };
    }
    case 'git': {
      const at = port === undefined ? '' : `:${String(port)}`;
      const path = url.replace(/^[^:]*:\/\/[^/]*/, '');
      return { url: `git://${written[0] ?? ''}${at}${path}`, env: { GIT_OVERRIDE_VIRTUAL_HOST: `${host}${at}` } };
    }
    case 'file':
      return {};
  }
}
