import type { Duplex } from 'node:stream';
import { RemudaError } from '@remuda/domain';
import type { ProgramStart, Runner, RunningProgram, SeenProcess } from '../runner.port.js';
import { AgentLink, type AgentLimits } from './agent-link.js';
import { startThere } from './remote-program.js';
import { isCount, isFlag, isText, readAbout, readProcesses, readValue, routes } from './wire.js';

/** Runs programs through an agent, which may be in another container, over a single connection. */
export class RemoteRunner implements Runner {
  #programs = 0;

  private constructor(
    private readonly link: AgentLink,
    readonly root: boolean,
    readonly alone: boolean,
  ) {}

  /**
   * Over a connection that the agent has just opened. Rejects as the port does, and if the other side is not an agent.
   */
  static async over(socket: Duplex, limits?: Partial<AgentLimits>): Promise<RemoteRunner> {
    const link = new AgentLink(socket, limits);
    try {
      const about = readAbout(await link.ask(routes.about)) ?? raise(malformed(routes.about));
      return new RemoteRunner(link, about.root, about.alone);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** Resolves when the agent and all its programs are gone. */
  get lost(): Promise<void> {
    return this.link.lost;
  }

  /** Ends the connection; the agent then ends its programs and itself. */
  close(): void {
    this.link.close();
  }

  start(program: ProgramStart): RunningProgram {
    return startThere(this.link, ++this.#programs, program);
  }

  async processes(scope: string): Promise<readonly SeenProcess[]> {
    return readProcesses(await this.link.ask(routes.processes, { scope })) ?? raise(malformed(routes.processes));
  }

  async signal(pids: readonly number[], name: NodeJS.Signals): Promise<void> {
    if (pids.length > 0) await this.link.ask(routes.signal, { pids, name });
  }

  async killUser(limitMs: number): Promise<void> {
    if (!this.alone) throw new RemudaError('internal', 'All processes of a user that others use cannot be killed.');
    await this.link.ask(routes.killUser, { limitMs }, limitMs);
  }

  async exists(path: string): Promise<boolean> {
    return readValue(await this.link.ask(routes.exists, { path }), isFlag) ?? raise(malformed(routes.exists));
  }

  async realPath(path: string): Promise<string> {
    return readValue(await this.link.ask(routes.realPath, { path }), isText) ?? raise(malformed(routes.realPath));
  }

  async oomKills(): Promise<number | undefined> {
    return readValue(await this.link.ask(routes.oomKills), isCount);
  }

  async memoryMb(pids: readonly number[]): Promise<number | undefined> {
    return readValue(await this.link.ask(routes.memory, { pids }), isCount);
  }
}

const malformed = (route: string): RemudaError =>
  new RemudaError('engine.unresponsive', `The agent's answer to ${route} is not valid.`);

function raise(error: Error): never {
  throw error;
}
