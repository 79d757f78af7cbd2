import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { ArtifactView, ArtifactsView, IsoTime } from '@remuda/protocol';

/** A file that was kept of a job. */
@ApiSchema({ name: 'Artifact' })
export class ArtifactDto implements ArtifactView {
  @ApiProperty({ example: 'dist/app.js' }) path!: string;
  @ApiProperty({ type: 'integer' }) bytes!: number;
  @ApiProperty({ description: 'SHA-256 of its content, in hex.' }) sha256!: string;
}

/** The files that were kept of a job. */
@ApiSchema({ name: 'Artifacts' })
export class ArtifactsDto implements ArtifactsView {
  @ApiProperty({ type: [ArtifactDto] }) artifacts!: ArtifactDto[];
  @ApiProperty({ type: 'integer', description: 'Of all together.' }) bytes!: number;
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'When they were kept; absent for none.' })
  createdAt?: IsoTime;
}
