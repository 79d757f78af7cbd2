// Takes as many connections as it can get to the bridge's sockets, and says nothing on them.
import { connect } from 'node:net';
import { broken, held, say } from './attack.mjs';

let [open, closed] = [0, 0];

/** One connection, and the next one when it is closed. */
function hold(path) {
  open++;
  connect(path)
    .on('error', () => undefined)
    .on('close', () => {
      closed++;
      setTimeout(hold, 20, path);
    })
    .resume();
}

for (const path of ['/run/remuda/git.sock', '/run/remuda/model.sock']) for (let i = 0; i < 400; i++) hold(path);
setTimeout(() => {
  say('control.silent', closed > 0 ? held(`${closed} of ${open} were closed`) : broken('none was closed'));
  process.exit(0);
}, 20_000);
