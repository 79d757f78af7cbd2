import { resolveClaude } from '@remuda/engine';
import { inject } from 'vitest';
import { olderVersion, pinnedVersion } from '../../claude-versions/provide.mjs';

const { tried } = inject('claudeVersions');

/** The version of Claude Code that all tests of the engine run against: the one that Remuda is built with, or one that is tried. */
export const mainVersion = {
  version: tried?.version ?? pinnedVersion,
  claude: resolveClaude(tried?.folder ?? process.cwd()),
} as const;

/** Whether that is the oldest one that is served, which does some things in another way. */
export const isOlder = mainVersion.version === olderVersion;
