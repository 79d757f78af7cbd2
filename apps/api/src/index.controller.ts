import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Needs } from './identity/needs.js';

/** The addresses of the api, without a leading slash: they also work behind a proxy's path prefix. */
const places = {
  documentation: 'api/docs',
  openapi: 'api/docs-json',
  jobs: 'api/v1/jobs',
  pools: 'api/v1/pools',
  board: 'admin/queues',
  health: 'health/ready',
  metrics: 'metrics',
} as const;

/** Answers the root: a browser is redirected to the API's page, a program gets the addresses. */
@ApiExcludeController()
@Controller()
export class IndexController {
  @Get(['/', 'api'])
  @Needs('nothing')
  index(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): void {
    void reply.header('vary', 'accept');
    if (/\btext\/html\b/i.test(accept ?? '')) void reply.redirect(places.documentation, 302);
    else void reply.send({ service: 'remuda', places });
  }
}
