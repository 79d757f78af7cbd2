import { Controller, Get, Inject, NotFoundException, Param, ServiceUnavailableException } from '@nestjs/common';
import { desiredWorkers, type PoolRecord } from '@remuda/domain';

/** The answer of `/internal/scale/{profile}`. */
export interface ScaleView {
  readonly profile: string;
  /** Workers that the profile needs: busy, waiting and warm ones, up to its maximum; 0 while it is drained. */
  readonly desiredWorkers: number;
}

/** Source of the pools. */
export const scaledPools = Symbol('scaledPools');

/**
 * The one number that an autoscaler needs, the same as the metric `remuda_desired_workers`. Not for external clients.
 */
@Controller('internal/scale')
export class ScaleController {
  constructor(@Inject(scaledPools) private readonly pools: () => Promise<readonly PoolRecord[]>) {}

  /**
   * 404 for a profile that no scheduler has; 503 while Redis does not answer, so that nobody scales by an unknown
   * number.
   */
  @Get(':profile')
  async desired(@Param('profile') profile: string): Promise<ScaleView> {
    const pools = await this.pools().catch((): undefined => undefined);
    if (!pools) throw new ServiceUnavailableException('Redis does not answer, so the number is unknown.');
    const pool = pools.find((each) => each.profile === profile && each.removed !== true);
    if (!pool) throw new NotFoundException(`No scheduler has a profile ${JSON.stringify(profile)}.`);
    return { profile, desiredWorkers: desiredWorkers(pool) };
  }
}
