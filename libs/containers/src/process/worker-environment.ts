import { bridgeSockets, workerEnv } from '@remuda/protocol';

/** Marks the processes of a worker: the value is the worker's id. */
const scopeVariable = 'REMUDA_SCOPE';

/** Host variables that a worker gets; never a credential. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TZ'];
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Paths of a worker's parts on this machine. */
export interface WorkerPlaces {
  readonly worker: string;
  readonly workspace: string;
  readonly home: string;
  /** For temporary files; Claude Code leaves some. */
  readonly tmp: string;
  readonly claude: string;
  /**
   * The folder in which a bridge creates its sockets, and the one in which the worker creates them itself if there is
   * none.
   */
  readonly socketDir: string;
  readonly run: string;
}

/**
 * The complete environment of a worker's process: a little of the host's, its own paths, and the variables of its spec.
 */
export function workerEnvironment(
  places: WorkerPlaces,
  host: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const passed = passedOn.flatMap((name) => (host[name] === undefined ? [] : [[name, host[name]] as const]));
  return {
    PATH: defaultPath,
    ...Object.fromEntries(passed),
    HOME: places.home,
    TMPDIR: places.tmp,
    [workerEnv.workspace]: places.workspace,
    [workerEnv.home]: places.home,
    [workerEnv.claude]: places.claude,
    [workerEnv.bridge]: `unix:${places.socketDir}/${bridgeSockets.model}`,
    [workerEnv.socketDir]: places.run,
    ...own,
    [scopeVariable]: places.worker,
  };
}

/**
 * Environment entries by which a worker's processes are found. The engine may replace the scope with its own, but it
 * keeps the home.
 */
export function marksOf({ worker, home }: Pick<WorkerPlaces, 'worker' | 'home'>): readonly string[] {
  return [`${scopeVariable}=${worker}`, `HOME=${home}`];
}
