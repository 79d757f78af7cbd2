import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { ScreenView } from '@remuda/protocol';

/** The screen of a worker's terminal. */
@ApiSchema({ name: 'Screen' })
export class ScreenDto implements ScreenView {
  @ApiProperty() worker!: string;
  @ApiProperty({ type: 'string', format: 'date-time', description: 'When it was looked at, by its own clock.' })
  at!: string;
  @ApiProperty({ description: 'Its lines; at most 40,000 characters.' }) text!: string;
}
