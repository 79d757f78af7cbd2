/**
 * Connects the git in a container with the bridge's `git.sock`, as the command of git's `ext::` transport:
 *
 *     git -c protocol.ext.allow=always fetch "ext::node /opt/remuda/git-connect.mjs /run/remuda/git.sock %S"
 *
 * The socket's path and the service are the arguments (spaces in an `ext::` command are written `% `); the job's token
 * comes in REMUDA_GIT_TOKEN. Only fetching is possible.
 */
import { connect } from 'node:net';
import { messageFormats } from '@remuda/protocol';

const [path, service = 'git-upload-pack'] = process.argv.slice(2);
// eslint-disable-next-line no-restricted-properties -- a program of its own
const token = process.env['REMUDA_GIT_TOKEN'];

if (path === undefined || !token) fail('needs the path of the socket as an argument and the token in REMUDA_GIT_TOKEN');
else if (service !== 'git-upload-pack') fail(`serves git-upload-pack, not ${service}`);
else join(path, token);

function join(socketPath: string, jobToken: string): void {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  socket.once('error', (error) => {
    fail(`cannot reach ${socketPath}: ${error.message}`);
  });
  socket.write(`${JSON.stringify({ v: messageFormats.own, token: jobToken })}\n`);
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  // git may keep its end of stdin open after it has all it wants.
  socket.once('end', () => process.stdin.unpipe(socket).destroy());
  socket.once('end', () => socket.end());
  process.stdout.on('error', () => socket.destroy());
}

function fail(message: string): void {
  process.stderr.write(`git-connect: ${message}\n`);
  process.exitCode = 1;
  process.stdin.destroy();
}
