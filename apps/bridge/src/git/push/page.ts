/** The page that shows a branch at a host that is known to have one; else the URL of the repository, which has no credential. */
export function pageOf(url: string, branch: string): string {
  const repository = url.replace(/\/+$/, '').replace(/\.git$/, '');
  const path = branch.split('/').map(encodeURIComponent).join('/');
  const { hostname } = new URL(url);
  if (hostname === 'github.com') return `${repository}/tree/${path}`;
  if (hostname === 'gitlab.com') return `${repository}/-/tree/${path}`;
  return url;
}
