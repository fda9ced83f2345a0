import { ServerStatus } from '@lockstep/core/protocol';
import { Controller, Get, Inject } from '@nestjs/common';
import { Require } from '../access/index.js';
import { Answers, Leader, type Leadership, Nodes, Status } from '../platform/index.js';

/** How the server does: the same that a page is told over its socket. */
@Controller('api/v1')
@Require('viewer')
export class StatusController {
  constructor(
    @Inject(Status) private readonly status: Status,
    @Inject(Nodes) private readonly nodes: Nodes,
    @Inject(Leader) private readonly leader: Leadership,
  ) {}

  @Get('status')
  @Answers(ServerStatus, 'Whether every part of the server works, and how many servers share the work')
  async now(): Promise<ServerStatus> {
    await this.status.look();
    const { id, name } = this.nodes;
    const servers = await this.nodes.count().catch(() => null);
    return { ...this.status.view(), server: { id, name, leads: this.leader.isLeader }, servers };
  }
}
