import { ApiTokenView, EnrolmentTokenView, MadeApiToken, MadeEnrolmentToken, page } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { Answers, AnswersNothing, input } from '../platform/index.js';
import { By, From, Require } from './access.guard.js';
import { ApiTokenQuery, ApiTokens, NewApiToken } from './api-tokens.js';
import type { Caller } from './caller.js';
import type { Peer } from './doors.js';
import { EnrolmentTokenQuery, EnrolmentTokens, NewEnrolmentToken } from './enrolment-tokens.js';

const ApiTokenPage = page(ApiTokenView);
const EnrolmentTokenPage = page(EnrolmentTokenView);

/** Tokens of programs and of computers that are to enrol. */
@Controller('api/v1')
@Require('admin')
export class TokensController {
  constructor(
    @Inject(ApiTokens) private readonly apiTokens: ApiTokens,
    @Inject(EnrolmentTokens) private readonly enrolmentTokens: EnrolmentTokens,
  ) {}

  @Post('api-tokens')
  @Answers(MadeApiToken, 'Make an API token; its secret is shown this once')
  createApiToken(
    @Body(input(NewApiToken, 'body')) body: z.output<typeof NewApiToken>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<MadeApiToken> {
    return this.apiTokens.create(caller, peer.address, body);
  }

  @Get('api-tokens')
  @Answers(ApiTokenPage, 'API tokens, newest first')
  listApiTokens(@Query(input(ApiTokenQuery, 'query')) query: z.output<typeof ApiTokenQuery>): Promise<z.output<typeof ApiTokenPage>> {
    return this.apiTokens.page(query);
  }

  @Delete('api-tokens/:id')
  @HttpCode(204)
  @AnswersNothing('Revoke an API token')
  revokeApiToken(@Param('id', input(z.uuid('must be a UUID'), 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<void> {
    return this.apiTokens.revoke(id, caller, peer.address);
  }

  @Post('enrolment-tokens')
  @Answers(MadeEnrolmentToken, 'Make an enrolment token; it is shown this once')
  createEnrolmentToken(
    @Body(input(NewEnrolmentToken, 'body')) body: z.output<typeof NewEnrolmentToken>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<MadeEnrolmentToken> {
    return this.enrolmentTokens.create(caller, peer.address, body);
  }

  @Get('enrolment-tokens')
  @Answers(EnrolmentTokenPage, 'Enrolment tokens, newest first')
  listEnrolmentTokens(
    @Query(input(EnrolmentTokenQuery, 'query')) query: z.output<typeof EnrolmentTokenQuery>,
  ): Promise<z.output<typeof EnrolmentTokenPage>> {
    return this.enrolmentTokens.page(query);
  }

  @Delete('enrolment-tokens/:id')
  @HttpCode(204)
  @AnswersNothing('Revoke an enrolment token')
  revokeEnrolmentToken(
    @Param('id', input(z.uuid('must be a UUID'), 'id')) id: string,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<void> {
    return this.enrolmentTokens.revoke(id, caller, peer.address);
  }
}
