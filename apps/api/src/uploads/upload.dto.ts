import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { IsoTime, UploadView } from '@remuda/protocol';

/** An upload. */
@ApiSchema({ name: 'Upload' })
export class UploadDto implements UploadView {
  @ApiProperty({ example: 'u-5f1d7a84db5d4a3fa1c2b3d4e5f60718' })
  id!: string;

  @ApiProperty({ enum: ['partial', 'complete'] })
  state!: UploadView['state'];

  @ApiProperty({ type: 'integer', description: 'Bytes of the archive that have arrived: go on there.' })
  received!: number;

  @ApiPropertyOptional({ description: 'SHA-256 of the archive, in hex.' })
  sha256?: string;

  @ApiPropertyOptional({ type: 'integer' })
  files?: number;

  @ApiPropertyOptional({ type: 'integer', description: 'What it unpacks to.' })
  unpackedBytes?: number;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  createdAt?: IsoTime;
}
