import { page, ReplayDifferenceView, ReplayView } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { ReplayBody } from './ask.js';
import { DifferencesQuery, ReplaysQuery } from './replay-rows.js';
import { Replays } from './replays.js';

const Id = z.uuid();

/** Trials of other rules on the facts of the last 30 days. */
@Controller('api/v1')
@Require('admin')
export class ReplayController {
  constructor(@Inject(Replays) private readonly replays: Replays) {}

  /** Accepted, not done: its own row tells how far it is. */
  @Post('replays')
  @HttpCode(202)
  @Answers(ReplayView, 'Try other rules on stored facts', { 404: ['not-found'], 409: ['too-many'] })
  ask(@Body(input(ReplayBody, 'body')) body: ReplayBody, @By() caller: Caller, @From() peer: Peer): Promise<ReplayView> {
    return this.replays.ask(body, caller, peer.address);
  }

  @Get('replays')
  @Answers(page(ReplayView), 'Trials of other rules, newest first')
  list(@Query(input(ReplaysQuery, 'query')) query: ReplaysQuery): Promise<{ items: ReplayView[]; next: string | null }> {
    return this.replays.list(query);
  }

  @Get('replays/:id')
  @Answers(ReplayView, 'One trial and how far it is')
  one(@Param('id', input(Id, 'id')) id: string): Promise<ReplayView> {
    return this.replays.one(id);
  }

  @Get('replay-differences')
  @Answers(page(ReplayDifferenceView), 'Verdicts that would change, of one trial or of all')
  differences(
    @Query(input(DifferencesQuery, 'query')) query: DifferencesQuery,
  ): Promise<{ items: ReplayDifferenceView[]; next: string | null }> {
    return this.replays.differences(query);
  }

  @Delete('replays/:id')
  @Answers(ReplayView, 'Cancel a trial', { 409: ['too-late'] })
  cancel(@Param('id', input(Id, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<ReplayView> {
    return this.replays.cancel(id, caller, peer.address);
  }
}
