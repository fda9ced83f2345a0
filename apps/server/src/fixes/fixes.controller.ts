import { PairDetail, page, RunView } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { AskBody } from './ask.js';
import { Fixes } from './fixes.js';
import { RunsQuery } from './run-list.js';

const Id = z.uuid();

/** Fix runs, and the page of one pair with its runs. */
@Controller('api/v1')
@Require('viewer')
export class FixesController {
  constructor(@Inject(Fixes) private readonly fixes: Fixes) {}

  @Get('pairs/:id')
  @Answers(PairDetail, 'One pair with its ladder, findings, runs and timeline')
  pair(@Param('id', input(Id, 'id')) id: string): Promise<PairDetail> {
    return this.fixes.pair(id);
  }

  @Get('fix-runs')
  @Answers(page(RunView), 'Fix runs')
  list(@Query(input(RunsQuery, 'query')) query: RunsQuery): Promise<{ items: RunView[]; next: string | null }> {
    return this.fixes.list(query);
  }

  @Get('fix-runs/:id')
  @Answers(RunView, 'One fix run')
  run(@Param('id', input(Id, 'id')) id: string): Promise<RunView> {
    return this.fixes.run(id);
  }

  /** Accepted, not done: the run's own states tell what becomes of it. */
  @Post('fix-runs')
  @HttpCode(202)
  @Require('technician')
  @Answers(RunView, 'Ask for a fix of a pair or a host', {
    403: ['role'],
    404: ['not-found'],
    409: ['revoked', 'platform', 'not-privileged', 'away', 'cause-not-open', 'run-active', 'cooldown', 'disruptive-cap', 'orders-stopped'],
  })
  ask(@Body(input(AskBody, 'body')) body: AskBody, @By() caller: Caller, @From() peer: Peer): Promise<RunView> {
    return this.fixes.ask(body, caller, peer.address);
  }

  @Delete('fix-runs/:id')
  @Require('technician')
  @Answers(RunView, 'Take a run back that was not sent yet', { 409: ['too-late'] })
  cancel(@Param('id', input(Id, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<RunView> {
    return this.fixes.cancel(id, caller, peer.address);
  }
}
