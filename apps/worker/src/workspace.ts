import type { GitOutcome, Workspace } from '@remuda/domain';
import {
  clearWorkspace,
  collectWorkspace,
  prepareWorkspace,
  runPrepareScript,
  type GitFolder,
  type Runner,
  type Transport,
} from '@remuda/engine';
import type { WorkspaceKeeper, WorkspaceScript } from './keepers.port.js';

/** The workspace, and how its repositories are fetched. */
export interface WorkspacePlan {
  readonly workspace: string;
  readonly home: string;
  /** The connector that git uses as its transport. */
  readonly gitConnect: string;
  /** The bridge's socket for repositories; without one there is no git workspace. */
  readonly gitSocket: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runner: Runner;
  /** The profile's script that prepares it. Default: none. */
  readonly prepare?: string | undefined;
}

/** A worker's only workspace, filled through the bridge, which has the repository's credential. */
export class EngineWorkspace implements WorkspaceKeeper {
  /** The workspace as git sees it. */
  readonly at: GitFolder;
  readonly script: WorkspaceScript | undefined;
  /** How the job's repository was fetched; its base may have to be fetched again. */
  #transport: Transport | undefined;

  constructor(private readonly plan: WorkspacePlan) {
    const { workspace, home, env, runner } = plan;
    const passed = { PATH: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', HOME: home };
    this.at = { folder: workspace, env: passed, runner };
    const text = plan.prepare;
    this.script =
      text === undefined
        ? undefined
        : {
            text,
            run: (tools, signal) =>
              runPrepareScript({ ...tools, script: text, workspace, home, base: passed, runner, signal }),
          };
  }

  /** The environment of programs that manage the workspace. */
  get env(): Readonly<Record<string, string>> {
    return this.at.env;
  }

  async prepare(workspace: Workspace, token: string, signal: AbortSignal): Promise<string | undefined> {
    const { gitConnect, gitSocket = '/nonexistent' } = this.plan;
    // A space within a word of an ext:: command is written as "% ".
    const words = [process.execPath, gitConnect, gitSocket].map((word) =>
      word.replaceAll('%', '%%').replaceAll(' ', '% '),
    );
    const transport = {
      remote: `ext::${words.join(' ')} %S`,
      config: { 'protocol.ext.allow': 'always' },
      env: { REMUDA_GIT_TOKEN: token },
    };
    this.#transport = transport;
    const prepared = await prepareWorkspace(this.at, workspace, { ...transport, signal });
    return prepared?.commit;
  }

  async collect(
    workspace: Workspace,
    base: string | undefined,
  ): Promise<{ git?: GitOutcome; warnings: readonly string[] }> {
    if (workspace.kind === 'empty' || base === undefined) return { warnings: [] };
    return collectWorkspace(this.at, base, this.#transport);
  }

  async clear(): Promise<void> {
    await clearWorkspace(this.at);
  }
}
