import { bridgeSockets, workerEnv } from '@remuda/protocol';

/** Marks what a worker starts: the value is the worker's id. */
const scopeVariable = 'REMUDA_SCOPE';

/** What of the host's environment a worker gets to see; never a credential. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TZ'];
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where a worker's parts are on this machine. */
export interface WorkerPlaces {
  readonly worker: string;
  readonly workspace: string;
  readonly home: string;
  /** For temporary files; Claude Code leaves some. */
  readonly tmp: string;
  readonly claude: string;
  /** The folder in which a bridge makes its sockets, and the one in which it makes them itself where none does. */
  readonly socketDir: string;
  readonly run: string;
}

/** The whole environment of a worker's process: little of the host's, its own places, and the variables of its spec. */
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
 * Entries of the environment by which a worker's processes are found again. The engine may replace the scope with one
 * of its own; the home it keeps.
 */
export function marksOf({ worker, home }: Pick<WorkerPlaces, 'worker' | 'home'>): readonly string[] {
  return [`${scopeVariable}=${worker}`, `HOME=${home}`];
}
