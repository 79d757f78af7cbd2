import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A repository that is served as a host does it: by `git http-backend`, for pushes with a user and a token. */
export interface GitOverHttp extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/team/project.git` */
  readonly url: string;
  readonly origin: string;
  readonly user: string;
  readonly token: string;
  /** The `Authorization` headers that came, each once. */
  readonly seen: ReadonlySet<string>;
  /** Forgets them. */
  forget(): void;
  /** The bare repository. */
  readonly folder: string;
  readonly head: string;
  /** Runs git in the repository. */
  git(...args: readonly string[]): string;
  /** Names of all its refs. */
  refs(): readonly string[];
}

const user = 'robot';
const token = 'to/ken-of~the robot';

/** Runs git with an author; returns what it prints. */
export function gitIn(cwd: string, ...args: readonly string[]): string {
  const as = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'commit.gpgSign=false'];
  return execFileSync('git', [...as, ...args], { cwd, stdio: 'pipe', maxBuffer: 64 * 1024 * 1024 })
    .toString()
    .trim();
}

/** Serves a repository with these files on its branch `main`. */
export async function serveOverHttp(files: Readonly<Record<string, string>>): Promise<GitOverHttp> {
  const dir = mkdtempSync(join(tmpdir(), 'remuda-http-git-'));
  const [work, folder] = [join(dir, 'work'), join(dir, 'team', 'project.git')];
  mkdirSync(dirname(folder), { recursive: true });
  gitIn(dir, 'init', '-q', '-b', 'main', work);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    writeFileSync(join(work, name), text);
  }
  gitIn(work, 'add', '.');
  gitIn(work, 'commit', '-q', '-m', 'begin');
  gitIn(dir, 'clone', '-q', '--bare', work, folder);
  gitIn(folder, 'config', 'http.receivepack', 'true');
  gitIn(folder, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) seen.add(authorization);
    const isPush = /git-receive-pack/.test(request.url ?? '');
    const right = `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
    if (isPush && authorization !== right)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
    else backend(dir, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const git = (...args: readonly string[]): string => gitIn(folder, ...args);
  return {
    ...{ url: `${origin}/team/project.git`, origin, user, token, seen, folder, head: git('rev-parse', 'HEAD'), git },
    forget: () => {
      seen.clear();
    },
    refs: () => git('for-each-ref', '--format=%(refname)').split('\n'),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Answers by git's own CGI program. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const env = {
    PATH: process.env['PATH'] ?? '',
    ...{ GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: path, QUERY_STRING: query },
    ...{ REQUEST_METHOD: request.method ?? '', CONTENT_TYPE: request.headers['content-type'] ?? '' },
    ...{
      REMOTE_USER: user,
      REMOTE_ADDR: '127.0.0.1',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
    ...{ GIT_PROTOCOL: request.headers['git-protocol']?.toString() ?? '' },
  };
  const program = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  request.pipe(program.stdin.on('error', () => undefined));
  const chunks: Buffer[] = [];
  program.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  program.once('close', () => {
    const said = Buffer.concat(chunks);
    const end = said.indexOf('\r\n\r\n');
    const headers = said
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const status = Number.parseInt(headers.find(([name]) => name === 'Status')?.[1] ?? '200', 10);
    for (const [name, value] of headers) if (name !== 'Status') response.setHeader(name, value);
    response.writeHead(status).end(said.subarray(end + 4));
  });
}
