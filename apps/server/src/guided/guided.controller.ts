import { STEPS, type StepId } from '@lockstep/core/fixes';
import { GuidedRunView, page } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { DeclineBody } from '../fixes/index.js';
import { Answers, input } from '../platform/index.js';
import { ApproveGuidedBody } from './approving.js';
import { Guided, StartBody } from './guided.js';
import { GuidedQuery } from './guided-list.js';

const Id = z.uuid();
const TickBody = z.strictObject({ step: z.enum(Object.keys(STEPS) as [StepId, ...StepId[]]) });

/** Words of mayGuide(). */
const MAY_NOT_GUIDE = ['revoked', 'ordered', 'platform', 'cause-not-open', 'busy'];
/** Why somebody's decision about a run that waits is not taken. */
const NOT_YOURS = ['person-required', 'role', 'same-person'];
const NOT_WAITING = ['no-approval-needed', 'decided', 'too-late'];

/** What people carry out step by step. */
@Controller('api/v1/guided-runs')
@Require('viewer')
export class GuidedController {
  constructor(@Inject(Guided) private readonly guided: Guided) {}

  @Get()
  @Answers(page(GuidedRunView), 'Guided runs: fixes that people carry out step by step')
  list(@Query(input(GuidedQuery, 'query')) query: GuidedQuery): Promise<{ items: GuidedRunView[]; next: string | null }> {
    return this.guided.list(query);
  }

  @Get(':id')
  @Answers(GuidedRunView, 'One guided run')
  run(@Param('id', input(Id, 'id')) id: string): Promise<GuidedRunView> {
    return this.guided.run(id);
  }

  @Post()
  @Require('technician')
  @Answers(GuidedRunView, 'Start a guided run of a fix on a pair or a host', {
    403: ['role', 'person-required'],
    404: ['not-found'],
    409: MAY_NOT_GUIDE.concat('guided-active'),
  })
  start(@Body(input(StartBody, 'body')) body: StartBody, @By() caller: Caller, @From() peer: Peer): Promise<GuidedRunView> {
    return this.guided.start(body, caller, peer.address);
  }

  /** Only for a step that no fact shows. Saying it twice says it once. */
  @Post(':id/steps')
  @HttpCode(200)
  @Require('technician')
  @Answers(GuidedRunView, 'Say that a step without a proof was done', { 409: ['has-proof', 'not-open'] })
  tick(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(TickBody, 'body')) body: z.output<typeof TickBody>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<GuidedRunView> {
    return this.guided.tick(id, body.step, caller, peer.address);
  }

  @Post(':id/approve')
  @HttpCode(200)
  @Require('admin')
  @Answers(GuidedRunView, 'Approve a guided run that waits for it; said twice it is said once', {
    403: NOT_YOURS,
    409: [...NOT_WAITING, ...MAY_NOT_GUIDE, 'asker-gone', 'needs-backup-or-loss-accepted'],
  })
  approve(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(ApproveGuidedBody, 'body')) body: ApproveGuidedBody,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<GuidedRunView> {
    return this.guided.approve(id, body, caller, peer.address);
  }

  @Post(':id/decline')
  @HttpCode(200)
  @Require('admin')
  @Answers(GuidedRunView, 'Decline a guided run that waits for approval, with the reason', { 403: NOT_YOURS, 409: NOT_WAITING })
  decline(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(DeclineBody, 'body')) body: DeclineBody,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<GuidedRunView> {
    return this.guided.decline(id, body, caller, peer.address);
  }

  @Delete(':id')
  @Require('technician')
  @Answers(GuidedRunView, 'Abandon a guided run', { 409: ['too-late'] })
  abandon(@Param('id', input(Id, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<GuidedRunView> {
    return this.guided.abandon(id, caller, peer.address);
  }
}
