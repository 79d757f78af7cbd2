import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { SessionFilePageView, SessionFileView } from '@remuda/protocol';
import { Default } from '../../input/fields.js';
import { Characters, IntegerText } from '../../input/rules.js';

/** Which part of a list of files. */
export class FilesQueryDto {
  @Default('')
  @Characters(0, 4_096)
  @ApiProperty({ description: 'Files whose paths come after this one.' })
  after!: string;

  @Default(1_000)
  @IntegerText(1, 10_000)
  limit!: number;
}

/** A file of a session. */
@ApiSchema({ name: 'SessionFile' })
export class SessionFileDto implements SessionFileView {
  @ApiProperty({ example: 'src/main.ts' }) path!: string;
  @ApiProperty() bytes!: number;
}

/** A page of a session's files, by their paths. */
@ApiSchema({ name: 'SessionFilePage' })
export class SessionFilePageDto implements SessionFilePageView {
  @ApiProperty({ type: [SessionFileDto] }) files!: readonly SessionFileDto[];
  @ApiProperty({ type: 'string', format: 'date-time', description: 'The files are as they were then.' })
  snapshotAt!: string;
  @ApiPropertyOptional({ description: 'Pass it as `after` to get the next page; absent on the last page.' })
  next?: string;
}
