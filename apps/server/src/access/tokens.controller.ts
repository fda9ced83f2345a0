import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { input } from '../platform/index.js';
import { By, From, Require } from './access.guard.js';
import { ApiTokenQuery, ApiTokens, type ApiTokenView, NewApiToken } from './api-tokens.js';
import type { Caller } from './caller.js';
import type { Peer } from './doors.js';
import { EnrolmentTokenQuery, EnrolmentTokens, type EnrolmentTokenView, NewEnrolmentToken } from './enrolment-tokens.js';

/** Tokens of programs and of computers that are to enrol. */
@Controller('api/v1')
@Require('admin')
export class TokensController {
  constructor(
    @Inject(ApiTokens) private readonly apiTokens: ApiTokens,
    @Inject(EnrolmentTokens) private readonly enrolmentTokens: EnrolmentTokens,
  ) {}

  @Post('api-tokens')
  createApiToken(
    @Body(input(NewApiToken, 'body')) body: z.output<typeof NewApiToken>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<ApiTokenView & { secret: string }> {
    return this.apiTokens.create(caller, peer.address, body);
  }

  @Get('api-tokens')
  listApiTokens(
    @Query(input(ApiTokenQuery, 'query')) query: z.output<typeof ApiTokenQuery>,
  ): Promise<{ items: ApiTokenView[]; next: string | null }> {
    return this.apiTokens.page(query);
  }

  @Delete('api-tokens/:id')
  @HttpCode(204)
  revokeApiToken(@Param('id', input(z.uuid('must be a UUID'), 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<void> {
    return this.apiTokens.revoke(id, caller, peer.address);
  }

  @Post('enrolment-tokens')
  createEnrolmentToken(
    @Body(input(NewEnrolmentToken, 'body')) body: z.output<typeof NewEnrolmentToken>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<EnrolmentTokenView & { token: string }> {
    return this.enrolmentTokens.create(caller, peer.address, body);
  }

  @Get('enrolment-tokens')
  listEnrolmentTokens(
    @Query(input(EnrolmentTokenQuery, 'query')) query: z.output<typeof EnrolmentTokenQuery>,
  ): Promise<{ items: EnrolmentTokenView[]; next: string | null }> {
    return this.enrolmentTokens.page(query);
  }

  @Delete('enrolment-tokens/:id')
  @HttpCode(204)
  revokeEnrolmentToken(
    @Param('id', input(z.uuid('must be a UUID'), 'id')) id: string,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<void> {
    return this.enrolmentTokens.revoke(id, caller, peer.address);
  }
}
