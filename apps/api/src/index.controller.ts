import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

/** Where everything is, without a slash before it: that holds behind a proxy's path as well. */
const places = {
  documentation: 'api/docs',
  openapi: 'api/docs-json',
  jobs: 'api/v1/jobs',
  pools: 'api/v1/pools',
  board: 'admin/queues',
  health: 'health/ready',
  metrics: 'metrics',
} as const;

/** Whoever opens the root: a browser is led to the API's page, a program is told where things are. */
@ApiExcludeController()
@Controller()
export class IndexController {
  @Get(['/', 'api'])
  index(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): void {
    void reply.header('vary', 'accept');
    if (/\btext\/html\b/i.test(accept ?? '')) void reply.redirect(places.documentation, 302);
    else void reply.send({ service: 'remuda', places });
  }
}
