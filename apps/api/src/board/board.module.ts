import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Board, boardOptions, type BoardOptions } from './board.js';

/** BullBoard at `/admin/queues`. */
@Module({})
export class BoardModule {
  static register(options: BoardOptions): DynamicModule {
    return { module: BoardModule, providers: [{ provide: boardOptions, useValue: options }, Board] };
  }
}
