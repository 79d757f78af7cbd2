import { concurrentChoices, secretLimits, secretName, sessionStates } from '@remuda/domain';
import type { Concurrent, SessionState } from '@remuda/domain';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Default, Given, picked } from '../input/fields.js';
import { Amount, Characters, Integer, IntegerText, Names, OneOf } from '../input/rules.js';
import { SubmitJobDto } from '../jobs/submit/submit-job.dto.js';

/** What a client says of all turns of a session; as of a job. */
const settings = [
  ...(['profile', 'model', 'appendSystemPrompt', 'tools', 'permissionMode', 'workspace'] as const),
  ...(['labels', 'metadata'] as const),
] as const;

/** What it says of a turn; as of a job. */
const turnFields = [
  ...(['prompt', 'maxTurns', 'maxBudgetUsd', 'outputSchema', 'priority', 'timeoutMs', 'idleTimeoutMs'] as const),
  ...(['onLoop', 'loopAfter', 'attempts', 'onLimit', 'deltas', 'artifacts', 'git', 'labels', 'metadata'] as const),
] as const;

/** Secrets of the operator's by name; their values are with no session, and cannot be given to one. */
const NamedSecrets = (description: string): PropertyDecorator =>
  applyDecorators(
    Given(),
    Names(),
    ApiProperty({
      type: 'array',
      items: { type: 'string', pattern: secretName.source },
      ...{ maxItems: secretLimits.count, example: ['GITHUB_TOKEN'], description },
    }),
  );

/** A session as clients ask for it. */
@ApiSchema({ name: 'CreateSession' })
export class CreateSessionDto extends picked(SubmitJobDto, settings) {
  @Default('queue' satisfies Concurrent)
  @OneOf(concurrentChoices)
  @ApiProperty({
    description: 'A turn that is sent while another one is under way waits, or is refused with session.busy.',
  })
  concurrent!: Concurrent;

  @Default(60_000)
  @Integer(0, 3_600_000)
  @ApiProperty({
    description:
      'How long its worker waits for the next turn, with Claude Code alive, in ms; shorter if other jobs need it.',
  })
  idleMs!: number;

  @Given()
  @Amount(10_000)
  @ApiProperty({ description: 'US dollars for all its turns together: each gets what is left.' })
  maxBudgetUsd?: number;

  @Default(1)
  @Integer(1, 20)
  @ApiProperty({
    description: 'Of how many of its latest turns the files are kept, to fork from. Each is a whole copy.',
  })
  keepTurns!: number;

  @NamedSecrets('Names of secrets that the operator keeps for the tenant: environment of the tools of each turn.')
  secrets?: readonly unknown[];
}

/** A fork as clients ask for it. */
@ApiSchema({ name: 'ForkSession' })
export class ForkSessionDto {
  @Given()
  @Integer(1, 1_000_000_000)
  @ApiProperty({ description: 'The turn after which it goes its own way. Default: the last one that is over.' })
  turn?: number;
}

export const turnModes = ['queue', 'interrupt', 'steer'] as const;
/** When a turn begins: after those before it, or next, for which the one under way is ended; or it is none, but said to the one that runs. */
export type TurnMode = (typeof turnModes)[number];

/** A turn as clients ask for it. */
@ApiSchema({ name: 'SubmitTurn' })
export class SubmitTurnDto extends picked(SubmitJobDto, turnFields) {
  @Default('queue' satisfies TurnMode)
  @OneOf(turnModes)
  @ApiProperty({
    description:
      'With `interrupt` the turn under way is cancelled, and this one is next; its files and answers stay. With `steer` the prompt becomes no turn: it is said to the one that runs, and nothing but the prompt is given.',
  })
  mode!: TurnMode;

  @NamedSecrets('Names of secrets that this turn gets besides those of its session.')
  secrets?: readonly unknown[];
}

/** Which sessions are listed. */
export class ListSessionsDto {
  @Given()
  @OneOf(sessionStates)
  @ApiProperty({
    description: 'Only sessions in this state. A page may then have fewer than `limit`, and still not be the last one.',
  })
  state?: SessionState;

  @Given()
  @Characters(0, 200)
  @ApiProperty({ description: 'The `nextCursor` of the previous page.' })
  cursor?: string;

  @Default(50)
  @IntegerText(1, 200)
  limit!: number;
}
