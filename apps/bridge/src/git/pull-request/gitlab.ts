import { isRecord } from '@remuda/protocol';
import type { Ask, PullRequest, PullRequests } from './service.js';

/** Merge requests at GitLab: https://docs.gitlab.com/api/merge_requests/ */
export function gitLab(project: string, ask: Ask): PullRequests {
  return {
    find: async ({ branch, base }) => {
      const asked = { project, source_branch: branch, target_branch: base, state: 'opened' };
      const found = await ask('GET /projects/{project}/merge_requests', asked);
      return Array.isArray(found) && found.length > 0 ? read(found[0]) : undefined;
    },
    open: async ({ branch, base, title, body, draft }) => {
      const asked = { project, source_branch: branch, target_branch: base, description: body };
      const named = draft ? `Draft: ${title}` : title;
      return read(await ask('POST /projects/{project}/merge_requests', { ...asked, title: named }));
    },
    change: async (number, { title, body }) => {
      const to = { ...(title === undefined ? {} : { title }), ...(body === undefined ? {} : { description: body }) };
      await ask('PUT /projects/{project}/merge_requests/{number}', { project, number, ...to });
    },
  };
}

function read(value: unknown): PullRequest {
  const { iid: number, web_url: url } = isRecord(value) ? value : {};
  if (typeof number !== 'number' || typeof url !== 'string') throw new Error('an answer that is no merge request');
  return { number, url };
}
