import { newestVersion, provideVersion } from './provide.mjs';

/** What tests are told of versions of Claude Code besides the pinned one. */
export interface ProvidedVersions {
  /** The one that all tests of the engine are to run against instead. */
  readonly tried?: { readonly version: string; readonly folder: string };
  /** Without a folder where it could not be had: nobody answers, or there is no room. */
  readonly newest: { readonly version: string; readonly folder?: string };
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly claudeVersions: ProvidedVersions;
  }
}

/** Has the newest version installed, or the one that is to be tried. */
export async function provideVersions(
  tried: string | undefined,
  say: (line: string) => void,
): Promise<ProvidedVersions> {
  if (tried !== undefined) {
    const folder = await provideVersion(tried);
    return { tried: { version: tried, folder }, newest: { version: tried } };
  }
  try {
    const version = await newestVersion();
    return { newest: { version, folder: await provideVersion(version) } };
  } catch (error) {
    say(`the newest Claude Code could not be had, its tests are skipped: ${String(error).split('\n', 1)[0] ?? ''}`);
    return { newest: { version: 'the newest' } };
  }
}
