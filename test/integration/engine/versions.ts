import { resolveClaude } from '@remuda/engine';
import { inject } from 'vitest';
import { pinnedVersion } from '../../claude-versions/provide.mjs';
import type { Way } from '../../proof-size.js';

/** A version of Claude Code that tests run against; without a program where it could not be had. */
export interface Version {
  readonly version: string;
  readonly claude: string | undefined;
}

const { tried, newest } = inject('claudeVersions');

/** The version that all tests of the engine run against: the pinned one, or the one that `npm run cli:try` names. */
export const mainVersion = {
  version: tried?.version ?? pinnedVersion,
  claude: resolveClaude(tried?.folder ?? process.cwd()),
} satisfies Version;

const main = { ...mainVersion, there: true };

/** The newest, and that one: what is asked of both is what a new version is likeliest to break. */
export const versions: readonly (Version & Way)[] =
  tried !== undefined || newest.version === pinnedVersion
    ? [main]
    : [
        {
          version: newest.version,
          claude: newest.folder && resolveClaude(newest.folder),
          there: newest.folder !== undefined,
        },
        main,
      ];
