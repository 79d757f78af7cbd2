/** An agent of the benchmark: a process of its own, on this machine and as our own user. Its argument is the socket of its worker. */
import { ownUser, reachWorker, serveRunner } from '@remuda/engine';

const [path = ''] = process.argv.slice(2);
await serveRunner(await reachWorker(path, 30_000), ownUser);
process.exit(0);
