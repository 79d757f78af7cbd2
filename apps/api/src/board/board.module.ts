import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Board, boardWritable } from './board.js';

/** BullBoard at `/admin/queues`. */
@Module({})
export class BoardModule {
  static register({ writable }: { readonly writable: boolean }): DynamicModule {
    return { module: BoardModule, providers: [{ provide: boardWritable, useValue: writable }, Board] };
  }
}
