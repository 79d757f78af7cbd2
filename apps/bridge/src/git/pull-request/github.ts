import { isRecord } from '@remuda/protocol';
import type { Ask, PullRequest, PullRequests } from './service.js';

/** Pull requests at GitHub: https://docs.github.com/rest/pulls/pulls */
export function gitHub(path: string, ask: Ask): PullRequests {
  const [owner, repo] = path.split('/');
  const at = { owner, repo };
  return {
    find: async ({ branch, base }) => {
      const asked = { ...at, head: `${String(owner)}:${branch}`, base, state: 'open' };
      const found = await ask('GET /repos/{owner}/{repo}/pulls', asked);
      return Array.isArray(found) && found.length > 0 ? read(found[0]) : undefined;
    },
    open: async ({ branch, ...rest }) =>
      read(await ask('POST /repos/{owner}/{repo}/pulls', { ...at, head: branch, ...rest })),
    change: async (number, to) => {
      await ask('PATCH /repos/{owner}/{repo}/pulls/{number}', { ...at, number, ...to });
    },
  };
}

function read(value: unknown): PullRequest {
  const { number, html_url: url } = isRecord(value) ? value : {};
  if (typeof number !== 'number' || typeof url !== 'string') throw new Error('an answer that is no pull request');
  return { number, url };
}
