import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { serviceQueue } from '@remuda/redis';
import { Board, boardOptions, type BoardOptions } from './board.js';

/** BullBoard at `/admin/queues`. */
@Module({})
export class BoardModule {
  static register(options: BoardOptions): DynamicModule {
    return {
      module: BoardModule,
      imports: [BullModule.registerQueue({ name: serviceQueue })],
      providers: [{ provide: boardOptions, useValue: options }, Board],
    };
  }
}
