import { RemudaError } from '@remuda/domain';
import type { WebSocket } from 'ws';
import type { OpenStreams } from './open-streams.js';
import { toProblem } from '../../problems/problem.js';
import type { AskedScreen, Screens } from '../../screens/screens.js';

/**
 * Shows a worker's screen to one client, as `{"worker", "at", "text"}`. The next one is sent only when the last one has left
 * this process: a slow client sees fewer. Whatever the client sends is ignored.
 */
export async function showScreen(
  socket: WebSocket,
  asked: AskedScreen,
  screens: Pick<Screens, 'follow'>,
  streams: OpenStreams,
): Promise<void> {
  const stream = streams.start();
  socket.on('error', () => undefined);
  socket.on('close', () => stream.close());
  const send = (message: object): Promise<void> =>
    new Promise((resolve) => socket.send(JSON.stringify(message), () => resolve()));
  try {
    for await (const screen of screens.follow(asked, stream.signal)) await send(screen);
  } catch (error) {
    const known = error instanceof RemudaError ? error : new RemudaError('internal', 'The screen cannot be shown.');
    await send({ error: toProblem(known).problem });
  } finally {
    stream.close();
    socket.close(1000);
  }
}
