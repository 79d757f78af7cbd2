import { isRecord } from '@remuda/protocol';
import type { Ask } from './service.js';

/** A redirect by which an API answers, and where that API is. */
export interface Redirect {
  readonly location: string | undefined;
  readonly api: string;
}

/**
 * The page of a repository that has moved, by the API's own redirect: which is not followed, but names the repository, by its number at
 * GitHub and by its number or new path at GitLab. Undefined where the redirect leads out of the API, or it does not tell.
 */
export async function movedTo({ location = '', api }: Redirect, ask: Ask): Promise<string | undefined> {
  if (!URL.canParse(location, api)) return undefined;
  const { origin, pathname } = new URL(location, api);
  const base = new URL(api);
  const prefix = base.pathname.replace(/\/$/, '');
  if (origin !== base.origin || !pathname.startsWith(`${prefix}/`)) return undefined;
  const [, route = '', name = ''] =
    /^\/(repositories|repos|projects)\/(.+?)\/(?:pulls|merge_requests)/.exec(pathname.slice(prefix.length)) ?? [];
  if (!isPlain(route, name)) return undefined;
  const found = await ask(`GET /${route}/${name}`, {}).catch(() => undefined);
  const { html_url: atGitHub, web_url: atGitLab } = isRecord(found) ? found : {};
  const page = atGitHub ?? atGitLab;
  return typeof page === 'string' && /^https?:\/\/[^\s"'<>]{1,2000}$/.test(page) ? page : undefined;
}

/** Whether it is a number, or a path without what the library or the API would take for something else. */
function isPlain(route: string, name: string): boolean {
  return route === 'repos' ? /^[\w.-]+\/[\w.-]+$/.test(name) : /^([\w.-]|%2F)+$/i.test(name);
}
