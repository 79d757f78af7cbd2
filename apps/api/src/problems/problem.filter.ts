import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { RemudaError } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KnownRoutes } from '../known-routes.js';
import { noteProblem } from '../identity/audit/audit-requests.js';
import { codeOfStatus, toProblem } from './problem.js';

/** Answers every error with a problem document. Our own faults are logged, and reported without details. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly routes: KnownRoutes,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** The same for errors in the HTTP layer, outside a handler. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const ours = this.translate(error, request, reply);
    const { problem, retryAfterS } = toProblem(ours, request.url.split('?', 1)[0]);
    noteProblem(request, problem.code);
    if (problem.status >= 500 && problem.code === 'internal')
      this.logger.error({ err: error, method: request.method, url: request.url.split('?', 1)[0] }, 'request failed');
    if (retryAfterS !== undefined) void reply.header('retry-after', retryAfterS);
    void reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
  }

  private translate(error: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
    const status = statusOf(error);
    if (status === undefined || status >= 500) return error;
    if (status !== 404) return new RemudaError(codeOfStatus(status), (error as Error).message);
    const allowed = this.routes.methodsAt(request.url);
    // A route that accepts the method but was not found serves files, or paths below it.
    if (allowed.length === 0 || allowed.includes(request.method))
      return new RemudaError('route.unknown', `There is no route ${request.method} ${request.url}`);
    void reply.header('allow', allowed.join(', '));
    return new RemudaError('route.method_not_allowed', `This route takes ${allowed.join(', ')}, not ${request.method}`);
  }
}

/** The HTTP status of an error of NestJS or Fastify. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof RemudaError || !(error instanceof Error)) return undefined;
  if (error instanceof HttpException) return error.getStatus();
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
