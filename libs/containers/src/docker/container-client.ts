import type Docker from 'dockerode';
import type { ContainerCreateOptions } from 'dockerode';
import { lastLines } from '../last-lines.js';
import type { RuntimeLog } from '../runtime-log.js';
import { said, startFailed } from '../start-failed.js';
import { statusOf, unless } from './engine-fault.js';
import { imageMissing } from './image-client.js';
import { label } from './labels.js';
import { logText } from './log-text.js';

const notModified = 304;
const notFound = 404;
const conflict = 409;

/** A container as listed by the engine. */
export interface FoundContainer {
  readonly id: string;
  /** `created`, `running`, `paused`, `exited`, `dead`, … */
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An inspected container. */
export interface InspectedContainer extends FoundContainer {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

/** Containers on the engine: each method makes one call, logs it, and translates known refusals. */
export class ContainerClient {
  constructor(
    private readonly docker: Docker,
    private readonly log: RuntimeLog,
  ) {}

  /** Creates a container; `taken` if there is one of that name. Rejects with `container.start_failed`. */
  async create(options: ContainerCreateOptions & { name: string }): Promise<'created' | 'taken'> {
    this.log.debug({ container: options.name, image: options.Image }, 'creating a container');
    try {
      await this.docker.createContainer(options);
      return 'created';
    } catch (error) {
      if (statusOf(error) === conflict) return 'taken';
      if (statusOf(error) === notFound) throw startFailed(imageMissing(options.Image ?? ''), error);
      throw startFailed(`The Docker engine refused to make the container ${options.name}: ${said(error)}`, error);
    }
  }

  /** Starts a container; a running one is left alone. Rejects with `container.start_failed`. */
  async start(name: string): Promise<void> {
    this.log.debug({ container: name }, 'starting a container');
    try {
      await unless([notModified], this.docker.getContainer(name).start());
    } catch (error) {
      throw startFailed(`The Docker engine could not start the container ${name}: ${said(error)}`, error);
    }
  }

  /** Sends a signal; ignores a container that is gone or not running. */
  async signal(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.log.debug({ container: name, signal }, 'signalling a container');
    await unless([notFound, conflict], this.docker.getContainer(name).kill({ signal }));
  }

  /** Resolves when the container has stopped, or after `ms`. */
  async waitUntilStopped(name: string, ms: number): Promise<void> {
    const limit = AbortSignal.timeout(ms);
    try {
      await unless([notFound], this.docker.getContainer(name).wait({ abortSignal: limit }));
    } catch (error) {
      if (!limit.aborted) throw error;
    }
  }

  /** Kills and removes the container and its volumes; resolves when it is gone, whoever removed it. */
  async remove(name: string): Promise<void> {
    this.log.debug({ container: name }, 'removing a container');
    const container = this.docker.getContainer(name);
    try {
      await unless([notFound], container.remove({ force: true, v: true }));
    } catch (error) {
      // another call is removing it
      if (statusOf(error) !== conflict) throw error;
      await unless([notFound], container.wait({ condition: 'removed' }));
    }
  }

  /** The engine's details of the container; undefined if there is none of that name or id. */
  async inspect(name: string): Promise<InspectedContainer | undefined> {
    try {
      const { Id, State, Config } = await this.docker.getContainer(name).inspect();
      const { Status: status, ExitCode: exitCode, OOMKilled: outOfMemory } = State;
      return { id: Id, status, labels: Config.Labels, exitCode, outOfMemory };
    } catch (error) {
      if (statusOf(error) === notFound) return undefined;
      throw error;
    }
  }

  /** Every container of the cluster, running or not. */
  async list(cluster: string): Promise<readonly FoundContainer[]> {
    const filters = { label: [`${label.cluster}=${cluster}`] };
    const found = await this.docker.listContainers({ all: true, filters });
    return found.map(({ Id: id, State: status, Labels: labels }) => ({ id, status, labels }));
  }

  /** The container's last lines of output; none if it is gone. */
  async lastLines(name: string, count: number): Promise<readonly string[]> {
    try {
      const log = await this.docker.getContainer(name).logs({ stdout: true, stderr: true, tail: count });
      return lastLines(logText(log), count);
    } catch (error) {
      if (statusOf(error) === notFound || statusOf(error) === conflict) return [];
      throw error;
    }
  }
}
