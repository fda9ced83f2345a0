import { readFileSync } from 'node:fs';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { OrFromThisComputer, Public, Require } from './access/index.js';
import { mappedRoutes } from './mapped-routes.js';
import { Answers, AnswersFile, Metrics, openApi } from './platform/index.js';

/** The version in the package beside src/ and dist/. */
function ownVersion(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;
}

const Document = z.looseObject({ openapi: z.string() });

/** What the server tells about itself: its API and its numbers. */
@Controller()
export class AboutController {
  private document: z.output<typeof Document> | null = null;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  /** Made when it is first asked for: by then every route is mapped. */
  @Get('api/openapi.json')
  @Public()
  @Answers(Document, 'This document')
  openapi(): z.output<typeof Document> {
    this.document ??= Document.parse(openApi(mappedRoutes(this.discovery), ownVersion()));
    return this.document;
  }

  /** For Prometheus: on this computer without a token, from elsewhere with one. */
  @Get('metrics')
  @Require('viewer')
  @OrFromThisComputer()
  @AnswersFile('text/plain', 'The numbers of this process, for Prometheus')
  async numbers(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.header('content-type', this.metrics.contentType);
    return this.metrics.text();
  }
}
