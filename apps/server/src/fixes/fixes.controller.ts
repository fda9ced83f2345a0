import type { PairDetail, RunView } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { input } from '../platform/index.js';
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
  pair(@Param('id', input(Id, 'id')) id: string): Promise<PairDetail> {
    return this.fixes.pair(id);
  }

  @Get('fix-runs')
  list(@Query(input(RunsQuery, 'query')) query: RunsQuery): Promise<{ items: RunView[]; next: string | null }> {
    return this.fixes.list(query);
  }

  @Get('fix-runs/:id')
  run(@Param('id', input(Id, 'id')) id: string): Promise<RunView> {
    return this.fixes.run(id);
  }

  /** Accepted, not done: the run's own states tell what becomes of it. */
  @Post('fix-runs')
  @HttpCode(202)
  @Require('technician')
  ask(@Body(input(AskBody, 'body')) body: AskBody, @By() caller: Caller, @From() peer: Peer): Promise<RunView> {
    return this.fixes.ask(body, caller, peer.address);
  }

  @Delete('fix-runs/:id')
  @Require('technician')
  cancel(@Param('id', input(Id, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<RunView> {
    return this.fixes.cancel(id, caller, peer.address);
  }
}
