import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Board, boardPath } from './board.js';

/** Adds the board's routes, which are not controllers, to the app. */
export async function mountBoard(app: NestFastifyApplication): Promise<void> {
  await app.register(app.get(Board, { strict: false }).plugin(), { prefix: boardPath });
}
