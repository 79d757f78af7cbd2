import type { IncomingHttpHeaders } from 'node:http';
import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConflictResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal } from '@remuda/domain';
import { isRecord, jobsPath } from '@remuda/protocol';
import type { AcceptedTurnView, JobWithResultView } from '@remuda/protocol';
import type { FastifyReply } from 'fastify';
import { bodyExamples } from '../docs/body-examples.js';
import { Caller } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { requireBody } from '../input/read-dto.js';
import { JobWithResultDto } from '../jobs/result-view.dto.js';
import { Answers } from '../jobs/submit/answers.js';
import { idempotencyHeader, waitHeader } from '../jobs/submit/submit.controller.js';
import { problemResponse } from '../problems/problem.dto.js';
import { apiConfig } from '../stores.js';
import type { ApiConfig } from '../stores.js';
import { AcceptedTurnDto } from './session-view.dto.js';
import { SubmitTurnDto, type TurnMode } from './session.dto.js';
import { Sessions } from './sessions.js';
import { SessionSteering } from './steering.js';

/** The turns of a session. */
@ApiTags('sessions')
@Controller('api/v1/sessions/:id/turns')
export class TurnsController {
  constructor(
    private readonly sessions: Sessions,
    private readonly steering: SessionSteering,
    private readonly answers: Answers,
    @Inject(apiConfig) private readonly config: ApiConfig,
  ) {}

  @Post()
  @Needs('sessions:write')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'submitTurn',
    summary: 'Send a turn to a session',
    description:
      'The turn is a job: its events, its result and its cancelling are those of the job. It begins when the turns before it are over. With `mode: steer` it is none: its prompt is said to the one that runs, whose job the answer names.',
  })
  @ApiHeader(idempotencyHeader)
  @ApiHeader(waitHeader)
  @ApiBody({ type: SubmitTurnDto, examples: bodyExamples.submitTurn })
  @ApiAcceptedResponse({ type: AcceptedTurnDto, headers: { Location: { schema: { type: 'string' } } } })
  @ApiOkResponse({ type: JobWithResultDto, description: 'It was over within the time given in Prefer.' })
  @ApiConflictResponse(
    problemResponse(
      'session.busy or session.stopped: it takes no further turn now, or none at all. session.not_running or session.cannot_steer: no turn hears it.',
    ),
  )
  async submit(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @Headers() headers: IncomingHttpHeaders,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedTurnView | JobWithResultView> {
    const { tenant } = caller;
    const asked = requireBody(body);
    const session = await this.sessions.session({ tenant, id });
    const turn = isSteering(asked)
      ? await this.steering.say(asked, session, key)
      : await this.sessions.submit(asked, session, key);
    const steer = 'steer' in turn ? { steer: turn.steer } : {};
    const repeated = 'steer' in turn ? turn.repeated : turn.kind === 'repeated';
    const basePath = this.config.basePathOf(headers);
    reply.header('location', `${basePath}${jobsPath}/${turn.id}`);
    if (repeated) reply.header('idempotent-replayed', 'true');
    const before = repeated || 'steer' in turn;
    const answer = await this.answers.inTime(
      { tenant, id: turn.id },
      { basePath, repeated: before, prefer, caller, reply },
    );
    if (!('url' in answer)) return answer;
    return { ...answer, session: id, ...steer, ...('running' in turn ? { after: turn.running } : {}) };
  }
}

/** Whether a request says something to the turn that runs, and is none itself. */
const isSteering = (body: unknown): body is Record<string, unknown> =>
  isRecord(body) && body['mode'] === ('steer' satisfies TurnMode);
