import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { defaultDrainMs } from '@remuda/domain';
import { Default, Given } from '../input/fields.js';
import { Characters, Integer } from '../input/rules.js';

/** Longest limit of a drain, in ms: no attempt lasts longer than a day. */
const maxDrainMs = 86_400_000;

/** Why jobs are to wait. */
@ApiSchema({ name: 'PausePool' })
export class PausePoolDto {
  @Given()
  @Characters(1, 500)
  @ApiProperty({ description: 'Shown to whoever looks at the pool.' })
  reason?: string;
}

/** How a worker is drained. */
@ApiSchema({ name: 'DrainWorker' })
export class DrainWorkerDto {
  @Default(defaultDrainMs)
  @Integer(0, maxDrainMs)
  @ApiProperty({
    description:
      'What runs may go on for so long, in ms; then it is requeued, uncounted. Of two limits the earlier holds.',
  })
  limitMs!: number;
}

/** Why and how a pool is drained. */
@ApiSchema({ name: 'DrainPool' })
export class DrainPoolDto extends DrainWorkerDto {
  @Given()
  @Characters(1, 500)
  @ApiProperty({ description: 'Shown to whoever looks at the pool.' })
  reason?: string;
}
