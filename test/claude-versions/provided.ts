import { olderVersion, provideVersion } from './provide.mjs';

/** A version of Claude Code besides the one that Remuda is built with, and a folder from where it can be resolved. */
export interface ProvidedVersion {
  readonly version: string;
  readonly folder: string;
}

/** What tests are told of such versions. */
export interface ProvidedVersions {
  /** The one that all tests of the engine are to run against instead. */
  readonly tried?: ProvidedVersion;
  /** The oldest one that is served, for what is tried with both. */
  readonly older?: ProvidedVersion;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly claudeVersions: ProvidedVersions;
  }
}

/** Has those installed that a project of tests needs: the oldest one, or the one that `npm run cli:try` names. */
export async function provideVersions(project: string, asked: string | undefined): Promise<ProvidedVersions> {
  if (project === 'older-claude') return { tried: await provide(olderVersion) };
  if (project === 'slow') return { older: await provide(olderVersion) };
  return project === 'integration' && asked !== undefined ? { tried: await provide(asked) } : {};
}

const provide = async (version: string): Promise<ProvidedVersion> => ({
  version,
  folder: await provideVersion(version),
});
