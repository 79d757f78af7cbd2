/** The usual package registries by the name of their ecosystem, as a profile or a job may write them in `egress`. */
export const egressPresets = {
  node: ['registry.npmjs.org', 'registry.yarnpkg.com', 'nodejs.org'],
  python: ['pypi.org', 'files.pythonhosted.org'],
  go: ['proxy.golang.org', 'sum.golang.org'],
  rust: ['index.crates.io', 'static.crates.io', 'crates.io', 'static.rust-lang.org'],
  java: ['repo.maven.apache.org', 'repo1.maven.org', 'plugins.gradle.org', 'services.gradle.org'],
  debian: ['deb.debian.org', 'security.debian.org'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The name of a preset. */
export type EgressPreset = keyof typeof egressPresets;

/** Whether an entry of `egress` is the name of a preset. */
export function isEgressPreset(text: string): text is EgressPreset {
  return Object.hasOwn(egressPresets, text);
}
