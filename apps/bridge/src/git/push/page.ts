import { hostedRepositoryOf, type GitService } from '@remuda/domain';

/** The page that shows a branch at a host that is known to have one; else the URL of the repository, which has no credential. */
export function pageOf(url: string, branch: string, services: readonly GitService[]): string {
  const hosted = hostedRepositoryOf(url, services);
  if (!hosted) return url;
  const repository = url.replace(/\/+$/, '').replace(/\.git$/, '');
  const path = branch.split('/').map(encodeURIComponent).join('/');
  return hosted.kind === 'github' ? `${repository}/tree/${path}` : `${repository}/-/tree/${path}`;
}
