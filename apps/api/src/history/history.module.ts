import { Module } from '@nestjs/common';
import { HistoryMetrics } from './history-metrics.js';
import { UsageController } from './usage.controller.js';

/** What was spent, and the figures of the archive. */
@Module({ controllers: [UsageController], providers: [HistoryMetrics] })
export class HistoryModule {}
