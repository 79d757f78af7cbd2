import { ill, note, well, type Finding } from './finding.js';
import { runProgram } from './programs.js';

/**
 * What is tried in a container of the image, as root, with the walls that a worker's container has. It prints a line for
 * each check: `ok`, `bad` or `note`, the check, what was found, and what to do, separated by tabs. Plain sh: the image may have nothing else.
 */
const trial = String.raw`
say() { printf '%s\t%s\t%s\t%s\n' "$@"; }
as_claude() { setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/claude "$@"; }
node=$(node --version 2>&1) && say ok node "$node" '' || say bad node 'does not start' 'keep the Node.js of remuda-worker'
[ -f /opt/remuda/worker.mjs ] && say ok worker /opt/remuda/worker.mjs '' ||
  say bad worker '/opt/remuda/worker.mjs is not there' 'begin the Dockerfile with FROM remuda-worker'
for name in tini git setpriv; do
  path=$(command -v "$name") && say ok "$name" "$path" '' || say bad "$name" 'is not there' 'install it again'
done
user=$(getent passwd 1000 | cut -d: -f1,6)
[ "$user" = claude:/home/claude ] && say ok user 'claude, 1000' '' ||
  say bad user "user 1000 is '$user'" 'leave the user claude (1000) with its home /home/claude'
version=$(as_claude /usr/local/bin/claude --version 2>&1 | tail -n 1)
case $version in
  *'Claude Code'*) say ok 'Claude Code' "$version" '' ;;
  *) say bad 'Claude Code' "does not start as user 1000: $version" 'leave /usr/local/bin/claude as it is' ;;
esac
as_claude sh -c 'echo x > /workspace/.trial && rm /workspace/.trial' 2>/dev/null &&
  say ok workspace 'Claude Code can write in /workspace' '' ||
  say bad workspace 'Claude Code cannot write in /workspace' 'leave /workspace to the engine: it is a tmpfs'
as_claude git init -q /workspace/r 2>/dev/null && say ok repository 'git makes one as user 1000' '' ||
  say bad repository 'git does not work as user 1000' "look at git's configuration in the image"
command -v tmux >/dev/null && say ok tmux "$(command -v tmux)" '' ||
  say note tmux 'is not there' 'install it for profiles with engine: tmux'
found=$(find / -xdev -type f -perm /6000 2>/dev/null | head -n 3 | tr '\n' ' ')
[ -z "$found" ] && say ok 'set-id programs' none '' ||
  say note 'set-id programs' "$found" "RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} + (no-new-privileges holds them anyway)"
`;

/** The walls of a worker's container, as in libs/containers/src/docker. */
const walls = [
  ...['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--user', '0:0', '--group-add', '1000'],
  ...['--cap-add', 'SETUID', '--cap-add', 'SETGID', '--cap-add', 'KILL', '--security-opt', 'no-new-privileges'],
  ...['--tmpfs', '/workspace:rw,exec,nosuid,nodev,mode=2770,uid=1000,gid=1000'],
  ...['--tmpfs', '/home/claude:rw,exec,nosuid,nodev,mode=2770,uid=1000,gid=1000'],
  ...['--tmpfs', '/tmp:rw,exec,nosuid,nodev,mode=1777', '--workdir', '/workspace'],
];

const entrypoint = ['tini', '--', 'node', '/opt/remuda/worker.mjs'];

/** How long the trial may take, in ms. */
const trialMs = 120_000;

/** Tries an image of workers in a container of its own, which is removed. Never rejects. */
export async function imageFindings(image: string, leaving: AbortSignal): Promise<readonly Finding[]> {
  const inspected = await runProgram('docker', ['image', 'inspect', '--format', '{{json .Config.Entrypoint}}', image]);
  if (inspected === undefined) return [ill('docker', 'is not there', 'install its command-line client')];
  if (inspected.code !== 0) return [ill('image', inspected.stderr.trim(), `docker pull ${image}, or build it`)];
  const signal = AbortSignal.any([leaving, AbortSignal.timeout(trialMs)]);
  const args = ['run', '--rm', '-i', ...walls, '--entrypoint', 'sh', image, '-s'];
  const tried = await runProgram('docker', args, trial, signal);
  const found = readTrial(tried?.stdout ?? '');
  if (found.length === 0) {
    const why = tried === undefined ? 'it was not over in time' : tried.stderr.trim();
    return [ill('image', `no shell ran in it: ${why}`, 'begin the Dockerfile with FROM remuda-worker')];
  }
  return [entrypointFinding(inspected.stdout), ...found];
}

function entrypointFinding(json: string): Finding {
  const found: unknown = JSON.parse(json);
  const isOurs = JSON.stringify(found) === JSON.stringify(entrypoint);
  const text = Array.isArray(found) ? found.join(' ') : 'none';
  return isOurs ? well('entry point', text) : ill('entry point', text, 'leave ENTRYPOINT as remuda-worker has it');
}

/** Reads what the trial printed. Pure. */
export function readTrial(text: string): readonly Finding[] {
  return text.split('\n').flatMap((line) => {
    const [kind, check = '', detail = '', cure = ''] = line.split('\t');
    if (kind === 'ok') return [well(check, detail)];
    if (kind === 'bad') return [ill(check, detail, cure)];
    return kind === 'note' ? [note(check, detail, cure)] : [];
  });
}
