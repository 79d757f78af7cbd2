import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { defaultDrainMs } from '@remuda/domain';
import { Default, Given } from '../input/fields.js';
import { Characters, Integer } from '../input/rules.js';

/** Maximum limit of a drain, in ms: no attempt lasts longer than a day. */
const maxDrainMs = 86_400_000;

/** Why jobs should wait. */
@ApiSchema({ name: 'PausePool' })
export class PausePoolDto {
  @Given()
  @Characters(1, 500)
  @ApiProperty({ description: 'Shown with the pool.' })
  reason?: string;
}

/** How a worker is drained. */
@ApiSchema({ name: 'DrainWorker' })
export class DrainWorkerDto {
  @Default(defaultDrainMs)
  @Integer(0, maxDrainMs)
  @ApiProperty({
    description:
      'How long running jobs may continue, in ms; then they are requeued, uncounted. The earlier of two limits applies.',
  })
  limitMs!: number;
}

/** Why and how a pool is drained. */
@ApiSchema({ name: 'DrainPool' })
export class DrainPoolDto extends DrainWorkerDto {
  @Given()
  @Characters(1, 500)
  @ApiProperty({ description: 'Shown with the pool.' })
  reason?: string;
}
