import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { realpathSync } from 'node:fs';
import { RemudaError } from '@remuda/domain';
import type { TerminalSize } from '@remuda/protocol';
import type { Client } from '../clients/client.js';
import type { AllowedRun } from '../request/check-run.js';
import { isWithin } from '../request/folder.js';
import type { MemoryGroups } from './memory-groups.js';
import { startPiped } from './piped.js';
import type { OnOutput, Program, ProgramPlan } from './program.port.js';
import { runEnvironment } from './run-environment.js';
import { inSandbox, sandboxArguments } from './sandbox.js';
import { startOnTerminal } from './terminal.js';

/** What all runs have in common. */
export interface StarterParts {
  readonly environment: {
    /** Path of Claude Code, resolved. */
    readonly claude: string;
    /** Path of bubblewrap; absent: runs have no sandbox. */
    readonly bwrap?: string | undefined;
    /** The folder of the host's own configuration. */
    readonly settings: { readonly configDir: string };
  };
  readonly modelSocket: string;
  /** Folders of the clients' homes, by name. */
  readonly homes: ReadonlyMap<string, string>;
  /** Limits the memory of runs; absent: the system does not let this bridge. */
  readonly memory?: MemoryGroups | undefined;
}

/** A run to start. */
export interface StartedRun {
  readonly client: Client;
  readonly allowed: AllowedRun;
  readonly token: string;
  readonly terminal: TerminalSize | undefined;
}

/** Starts Claude Code for runs: in the sandbox, or without one where the operator has allowed that. */
export class Starter {
  constructor(private readonly parts: StarterParts) {}

  /** Rejects with `host_bridge.start_failed`. */
  start(run: StartedRun, onOutput: OnOutput): Promise<Program> {
    const { bwrap } = this.parts.environment;
    const plan = bwrap === undefined ? this.#bare(run) : this.#sandboxed(bwrap, run);
    return this.#limited(plan, run.client, (limited) =>
      run.terminal ? startOnTerminal(limited, run.terminal, onOutput) : startPiped(limited, onOutput),
    );
  }

  /** Starts a program among processes whose memory is limited together. */
  async #limited(
    plan: ProgramPlan,
    { limits }: Client,
    start: (plan: ProgramPlan) => Promise<Program>,
  ): Promise<Program> {
    const group = this.parts.memory?.open(`run-${randomUUID()}`, limits.memoryMb * 1_048_576);
    if (!group) return start(plan);
    try {
      const program = await start({ ...plan, ...group.enter(plan.command, plan.args) });
      void program.exited.then(() => group.close());
      return program;
    } catch (error) {
      group.close();
      throw error;
    }
  }

  #sandboxed(bwrap: string, { client, allowed, token }: StartedRun): ProgramPlan {
    const { environment, modelSocket } = this.parts;
    const { configDir } = environment.settings;
    const config = client.config.map((name) => ({ name, path: join(configDir, name) }));
    const home = this.#home(client);
    const sandbox = { claude: environment.claude, home, modelSocket, workspaces: client.workspaces, config };
    const env = runEnvironment({ given: allowed.env, home: inSandbox.home, modelSocket: inSandbox.model, token });
    return { command: bwrap, args: sandboxArguments(sandbox, allowed), env, cwd: '/', sandboxed: true };
  }

  #bare({ client, allowed, token }: StartedRun): ProgramPlan {
    const { environment, modelSocket } = this.parts;
    const { hostPath, workspace } = allowed.folder;
    const env = runEnvironment({ given: allowed.env, home: this.#home(client), modelSocket, token });
    const cwd = resolved(hostPath);
    // A link in a workspace leads nowhere else; in the sandbox there is nowhere else.
    if (cwd === undefined || !isWithin(cwd, workspace.host))
      throw new RemudaError(
        'host_bridge.refused',
        `The folder ${allowed.folder.path} does not exist in its workspace.`,
      );
    return { command: environment.claude, args: allowed.args, env, cwd, sandboxed: false };
  }

  #home({ name }: Client): string {
    const home = this.parts.homes.get(name);
    if (home === undefined) throw new TypeError(`No home for ${name}.`);
    return home;
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
