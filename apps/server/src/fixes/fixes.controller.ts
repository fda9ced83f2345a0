import { PairDetail, page, RunView } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { ApproveBody, DeclineBody } from './approvals.js';
import { AskBody } from './ask.js';
import { Fixes } from './fixes.js';
import { RunsQuery } from './run-list.js';

const Id = z.uuid();
/** Words of mayRun(). */
const MAY_NOT_RUN = [
  'revoked',
  'platform',
  'not-privileged',
  'away',
  'cause-not-open',
  'unstable',
  'approval-pending',
  'run-active',
  'cooldown',
  'disruptive-cap',
  'busy',
  'guided',
  'orders-stopped',
];
/** Why somebody's decision about a run that waits is not taken. */
const NOT_YOURS = ['person-required', 'role', 'same-person'];
const NOT_WAITING = ['no-approval-needed', 'decided', 'too-late'];

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
    403: ['role', 'person-required'],
    404: ['not-found'],
    409: MAY_NOT_RUN,
  })
  ask(@Body(input(AskBody, 'body')) body: AskBody, @By() caller: Caller, @From() peer: Peer): Promise<RunView> {
    return this.fixes.ask(body, caller, peer.address);
  }

  @Post('fix-runs/:id/approve')
  @HttpCode(200)
  @Require('admin')
  @Answers(RunView, 'Approve a run that waits for it; said twice it is said once', {
    403: NOT_YOURS,
    409: [...NOT_WAITING, ...MAY_NOT_RUN, 'asker-gone', 'needs-backup-or-loss-accepted', 'needs-two-people', 'needs-consent'],
  })
  approve(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(ApproveBody, 'body')) body: ApproveBody,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<RunView> {
    return this.fixes.approve(id, body, caller, peer.address);
  }

  @Post('fix-runs/:id/decline')
  @HttpCode(200)
  @Require('admin')
  @Answers(RunView, 'Decline a run that waits for approval, with the reason', { 403: NOT_YOURS, 409: NOT_WAITING })
  decline(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(DeclineBody, 'body')) body: DeclineBody,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<RunView> {
    return this.fixes.decline(id, body, caller, peer.address);
  }

  @Delete('fix-runs/:id')
  @Require('technician')
  @Answers(RunView, 'Take a run back that was not sent yet', { 409: ['too-late'] })
  cancel(@Param('id', input(Id, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<RunView> {
    return this.fixes.cancel(id, caller, peer.address);
  }
}
