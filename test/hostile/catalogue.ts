/** One thing that hostile code tries. */
export interface Attack {
  /** `area.what`, as the attack's program says it. */
  readonly id: string;
  readonly tries: string;
  /** What stands in its way. */
  readonly wall: string;
  /** Why it is known not to hold, where it does not. */
  readonly known?: string;
}

const attack = (id: string, tries: string, wall: string, known?: string): Attack => ({
  id,
  tries,
  wall,
  ...(known === undefined ? {} : { known }),
});

const users = 'the worker is another user, without dumpable memory for uid 1000';
const noRights = 'no capability, no new privileges, seccomp';
const account = "the worker's account at Redis has a few commands, each on keys of its own";
const known = 'the worker may run one known script only';
const lease = "the relay checks worker and lease token against the job's record";
const grant = 'the bridge looks each token up, by hash, at each request';
const content = 'all of a request is read, what goes on is on a list';
const ownSnapshot = 'the snapshot is that of the job that the grant names';
const git = 'git runs as Claude, with a closed configuration';
const scrub = 'what a job leaves is killed and scrubbed before the next';
const afresh = 'Claude Code is ended with each job, and started afresh';

/** Every attack of the suite. `docs/security.md` has the same list, which a test holds to this one. */
export const attacks: readonly Attack[] = [
  attack('worker.environment', "read the worker's environment", users),
  attack('worker.memory', "read the worker's memory by /proc", users),
  attack('worker.memory_by_call', "read the worker's memory and descriptors by system calls", users),
  attack('worker.ptrace', 'attach to the worker as a debugger', users),
  attack('worker.files', "look into the worker's open files, folders and maps", users),
  attack('worker.password', "find the worker's Redis password anywhere", 'it is in the environment of the worker only'),
  attack('worker.kill', 'kill or stop the worker, and PID 1', users),
  attack('root.capabilities', 'have a capability, a group, or a system call too many', noRights),
  attack('root.setuid_programs', 'find a program that is set-user-id', 'the image has none'),
  attack('root.become', 'become root by su, sudo, setuid', noRights),
  attack('root.namespaces', 'unshare, enter a namespace, chroot', noRights),
  attack('root.mount', 'mount, remount, unmount', noRights),
  attack('root.devices', 'make device nodes, read kernel messages', noRights),
  attack('root.kernel', 'load modules, use bpf, perf, the keyring, kexec, reboot', 'seccomp'),
  attack('root.kernel_settings', 'write to /proc/sys, /sys, cgroups', 'read-only /proc/sys and /sys, no capability'),
  attack('files.outside', 'write anywhere but workspace, home and /tmp', 'read-only root'),
  attack('files.programs', "change the worker's or Claude Code's program, /etc", 'read-only root'),
  attack('files.sockets', "replace the bridge's sockets", 'the folder is mounted read-only'),
  attack('files.docker_socket', "reach a container engine's socket", 'none is mounted'),
  attack('files.host', "find the host's files", 'nothing of the host is mounted but the sockets'),
  attack('network.interfaces', 'have a network', 'network "none"'),
  attack('network.host', "reach the host's ports", 'network "none"'),
  attack('network.api', "reach the api, the scheduler, the bridge's admin port, Redis by TCP", 'network "none"'),
  attack('network.metadata', "reach a cloud's metadata address", 'network "none"'),
  attack('network.internet', 'reach the internet', 'network "none"'),
  attack('network.dns', 'ask a name server', 'network "none"'),
  attack('network.neighbour', 'reach another container', 'network "none"'),
  attack('network.abstract_sockets', "see the host's abstract sockets", 'a network namespace of its own'),
  attack(
    'bridge.silent',
    "shut the bridge's sockets for others by connections that say nothing",
    'each worker has sockets of its own, with a share of connections; who says nothing is closed',
  ),
  attack('bridge.no_token', 'ask the model without a token, or with a guessed one', grant),
  attack('bridge.idle_token', 'ask the model with the token of an idle worker', grant),
  attack('bridge.ended_token', "ask the model with an ended job's token", 'the grant goes with the outcome'),
  attack('bridge.other_path', 'ask for other paths and methods of the model API', 'three routes, compared exactly'),
  attack('bridge.other_host', 'make the bridge ask another host: absolute URL, CONNECT, Host, upgrade', 'one upstream'),
  attack(
    'bridge.other_account',
    'use another account of the model by own credentials',
    'credentials of a container end at the bridge',
  ),
  attack('bridge.other_model', 'use a model that the profile does not name', 'the grant names the models'),
  attack('bridge.admin', "reach the bridge's metrics and health by its socket", 'they are on another port'),
  attack('bridge.smuggling', 'hide a second request in the first', "Node's strict HTTP parser"),
  attack(
    'bridge.server_tools',
    "have the vendor's side search, fetch, run code, ask MCP servers or other models",
    content,
  ),
  attack('bridge.url_sources', 'have the vendor fetch an image or a document, or read one of the account', content),
  attack('bridge.unknown_fields', 'use fields of the model API that nobody opened', content),
  attack('bridge.query', 'say in the query what the body may not', 'three routes, compared exactly'),
  attack('bridge.betas', 'open betas, or speak for the account, by headers', 'headers and betas of a list go on'),
  attack(
    'bridge.many_values',
    'have the bridge read millions of empty lists',
    'values are counted before they are read',
  ),
  attack('bridge.large_body', 'send a body of 33 MB', 'refused at 32 MB'),
  attack(
    'bridge.budget_at_once',
    'spend more than the budget by asking often at once',
    'each request reserves the most that it may cost',
  ),
  attack(
    'git.egress',
    "have the bridge fetch from a cloud's metadata address, this machine or a private network",
    'addresses are checked after the name was resolved, and pinned; where a server sends a fetch on to is checked as well',
  ),
  attack('git.no_token', 'read a repository without a token', grant),
  attack('git.ended_token', "read a repository with an ended job's token", grant),
  attack('git.other_repository', "read another job's repository", 'the repository is what the grant names'),
  attack('git.paths', 'read files of the host by the Git listener', 'no path comes from the container'),
  attack('git.push', 'push', 'upload-pack only'),
  attack(
    'snapshot.socket',
    'connect to the snapshot listener',
    'the socket is for root only, where the bridge is root',
  ),
  attack('snapshot.no_token', 'keep or read a snapshot without a token, or with a guessed one', grant),
  attack(
    'snapshot.ended_token',
    "keep or read a snapshot with an ended job's token",
    'the grant goes with the outcome',
  ),
  attack('snapshot.other_job', "read another job's snapshot", ownSnapshot),
  attack('snapshot.over_another', "write over another job's snapshot", ownSnapshot),
  attack('snapshot.paths', 'write or read other files by the snapshot listener', 'no path comes from the container'),
  attack('snapshot.oversize', 'keep more than a snapshot may have', 'refused at REMUDA_SNAPSHOT_MAX_MB'),
  attack(
    'snapshot.endless',
    'hold the listener open by a body that does not end',
    'who says nothing for 30 s is hung up on',
  ),
  attack('redis.socket', 'connect to Redis', 'the socket is for root only, where the bridge is root'),
  attack('redis.no_account', 'use Redis without an account', 'Redis has a password'),
  attack('redis.guessed_account', 'guess an account', 'random passwords'),
  attack('redis.other_keys', "with the worker's account: read and write other keys", account),
  attack('redis.other_queue', 'read and write other queues', account),
  attack('redis.other_events', "read another job's events and results", account),
  attack('redis.other_streams', 'trim, delete, rename streams of others', account),
  attack('redis.other_control', "write to another worker's control stream", account),
  attack('redis.publish', 'publish and subscribe', account),
  attack('redis.destroy', 'FLUSHALL, SHUTDOWN, DEBUG, REPLICAOF', account),
  attack('redis.config', 'CONFIG, MODULE, MIGRATE, SAVE', account),
  attack('redis.accounts', 'ACL, or become another account', account),
  attack('redis.walk', 'KEYS, SCAN, RANDOMKEY', account),
  attack('redis.watch', 'MONITOR, CLIENT LIST, SLOWLOG, SYNC', account),
  attack('redis.tracking', "hear the names of others' keys by CLIENT TRACKING", account),
  attack('redis.functions', 'SCRIPT FLUSH, FUNCTION', account),
  attack('redis.eval_other_keys', 'reach other keys by EVAL', known),
  attack('redis.eval_escape', "leave Lua's sandbox", known),
  attack('redis.copies', 'reach other keys by SORT, COPY, RENAME, unions', account),
  attack('redis.transaction', 'hold Redis up, or reach other keys, by MULTI', account),
  attack('redis.long_commands', 'hold Redis up by LCS, SORT, SINTER, ranges', account),
  attack('redis.other_database', 'leave keys in another database by SELECT, MOVE, COPY', account),
  attack('redis.own_names', 'make keys of its own naming, or something else of its own', account),
  attack('redis.other_scripts', 'run other scripts that Redis knows, or functions', known),
  attack(
    'redis.keys_left',
    'leave keys behind that nobody removes',
    'the account makes none but one; the scheduler looks for keys of workers that are gone',
  ),
  attack(
    'redis.take_next_job',
    'say "idle" and be given somebody else\'s job',
    'the scheduler counts the jobs of a worker',
  ),
  attack('redis.eval_block', 'block Redis by EVAL', known),
  attack('redis.eval_block_after_write', "block Redis by EVAL that can't be killed", known),
  attack('redis.fill', 'fill the memory of Redis', 'none', 'an account has no limit of memory at Redis'),
  attack('forge.other_outcome', "forge another job's outcome", lease),
  attack('forge.other_events', "forge another job's events", lease),
  attack('forge.old_outcome', 'replay an outcome with an old lease', lease),
  attack('forge.reserved_events', 'say what only the relay may say: job.over, stream.gap', 'the codec refuses them'),
  attack('forge.garbage', 'say what is no report', 'the codec refuses it'),
  attack(
    'reports.wrong_type',
    "make of the own stream something that the relay can't read",
    'the account can only add to it; the relay leaves such a stream out',
  ),
  attack(
    'reports.wrong_type_at_end',
    'hold on to a container and a job by a stream that nobody can read',
    'a lost worker is removed, readable or not',
  ),
  attack(
    'reports.poison',
    'say what looks like a report and is none: no data, too deep, endless',
    'each report is read field by field, within bounds; what fails all the same is left out',
  ),
  attack(
    'reports.poison_at_end',
    'hold on to a container and a job by such reports',
    'a lost worker is removed, readable or not',
  ),
  attack('reports.oversized', 'say more than 16 MB at once', 'the relay refuses it'),
  attack('events.million', 'say a million events', "the job's stream keeps about 10,000 entries"),
  attack('next.processes', 'leave processes for the next job of the container', scrub),
  attack('next.environment', 'leave environment, or a token', afresh),
  attack('next.shell', 'leave start-up files of the shell, and its snapshot', afresh),
  attack('next.home', 'leave files in the home', scrub),
  attack('next.settings', 'leave settings and hooks of Claude Code', scrub),
  attack('next.git_config', 'leave configuration of git', scrub),
  attack('next.workspace', 'leave files and hooks in the workspace', scrub),
  attack('next.tmp', 'leave files in /tmp', scrub),
  attack('next.shared_memory', 'leave files in /dev/shm and /dev/mqueue', scrub),
  attack('next.system_v', 'leave System V shared memory, queues, semaphores', scrub),
  attack('next.transcript', 'read the transcript of the job before', scrub),
  attack('next.memory', 'read the prompt of the job before in the memory of Claude Code', afresh),
  attack('patch.hooks', 'run code when the patch is collected: hooks', git),
  attack('patch.fsmonitor', 'fsmonitor', git),
  attack('patch.filters', 'filter drivers', git),
  attack('patch.diff_programs', 'external diff, textconv, pager, merge drivers', git),
  attack('patch.signature', 'a program that verifies signatures', git),
  attack('patch.promisor', 'a remote that is asked for missing objects', git),
  attack('patch.nested', 'a repository within the repository', git),
  attack('patch.other', 'ssh, editor, credential helper, alias', git),
  attack(
    'patch.symlinks',
    'have files outside of the workspace in the patch, by links',
    'links are compared, not followed',
  ),
  attack('repository.hooks', "have the repository's own hooks and helpers run", '--setting-sources user'),
  attack('repository.mcp', "have the repository's MCP servers started", '--strict-mcp-config'),
  attack(
    'repository.base_url',
    "send the model's requests elsewhere by the repository's settings",
    '--setting-sources user',
  ),
  attack('limits.disk_workspace', 'fill the workspace', 'a tmpfs of diskMb'),
  attack('limits.disk_home', 'fill the home', 'a tmpfs of diskMb'),
  attack('limits.disk_tmp', 'fill /tmp', 'a tmpfs of diskMb'),
  attack('limits.disk_shm', 'fill /dev/shm', 'a tmpfs of its own'),
  attack(
    'limits.host_disk',
    "fill the host's disk",
    'what can be written is memory of the container; snapshots of it on the host are of limited size, each and together',
  ),
  attack('limits.pids', 'have more processes than allowed', 'the pids limit'),
  attack('limits.fork_bomb', 'a fork bomb', 'the pids limit; the container goes with its job'),
  attack('limits.memory', 'have more memory than allowed', 'the memory limit'),
  attack('limits.cpu', 'have more processor time than allowed', 'the CPU quota'),
  attack('limits.survivor', 'take the worker down with all that', 'the worker lives on'),
  attack('output.one_line_of_1gb', 'print a line of 1 GB', 'outputs are cut'),
  attack('output.million_lines', 'print a million lines', 'outputs are cut'),
  attack('output.invalid_utf8', 'print what is no UTF-8', 'it is replaced'),
  attack(
    'agent.output',
    "write to Claude Code's own output, in its name",
    'its pipes are sockets, which /proc does not open',
  ),
  attack('agent.binary', "change Claude Code's program", 'read-only root'),
  attack('agent.kill', 'kill Claude Code', 'its own job fails, nothing else'),
  attack('agent.stop', 'stop Claude Code', 'the deadline ends it'),
];

/** What shows that the attacks could have worked: each has to hold, or its scene has proved nothing. */
export const controls = [
  'control.worker',
  'control.bridge',
  'control.git',
  'control.silent',
  'control.account',
  'control.reuse',
  'control.same_worker',
  'control.patch',
  'control.snapshot',
] as const;
