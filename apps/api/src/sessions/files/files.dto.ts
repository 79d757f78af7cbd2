import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { SessionFilePageView, SessionFileView, TranscriptView } from '@remuda/protocol';
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

/** A conversation that a session has got. */
@ApiSchema({ name: 'Transcript' })
export class TranscriptDto implements TranscriptView {
  @ApiProperty({ description: 'Claude Code’s own id of it.' }) sessionId!: string;
  @ApiProperty({ description: 'Messages of the user and the assistant, results of tools included.' })
  messages!: number;
  @ApiPropertyOptional({ description: 'The latest version of Claude Code that has written to it.' })
  claudeVersion?: string;
  @ApiProperty({ type: [String], description: 'What is missing in it, or may be.' }) warnings!: readonly string[];
}
