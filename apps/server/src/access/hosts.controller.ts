import { HostId } from '@lockstep/core/health';
import { ENROL_PATH, type EnrolAnswer, EnrolRequest } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { input } from '../platform/index.js';
import { By, From, Public, Require } from './access.guard.js';
import { Audit, AuditQuery, type AuditView } from './audit.js';
import type { Caller } from './caller.js';
import { Doors, type Peer } from './doors.js';
import { Enrolment } from './enrolment.js';
import { HostKeys } from './host-keys.js';

/** How hosts come and go, and what was done by whom. */
@Controller()
export class HostsController {
  constructor(
    @Inject(Doors) private readonly doors: Doors,
    @Inject(Enrolment) private readonly enrolment: Enrolment,
    @Inject(HostKeys) private readonly hostKeys: HostKeys,
    @Inject(Audit) private readonly audit: Audit,
  ) {}

  /** For agents, not for people: what proves the caller is in the body. */
  @Post(ENROL_PATH)
  @Public()
  enrol(@Body(input(EnrolRequest, 'body')) body: EnrolRequest, @From() peer: Peer): Promise<EnrolAnswer> {
    this.doors.checkEncrypted(peer);
    return this.enrolment.enrol(body, peer.address);
  }

  /** Refuses the host from now on. Its pairs and their history stay. */
  @Delete('api/v1/hosts/:id')
  @HttpCode(204)
  @Require('admin')
  revoke(@Param('id', input(HostId, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<void> {
    return this.hostKeys.revoke(id, caller, peer.address);
  }

  @Get('api/v1/audit')
  @Require('admin')
  auditPage(@Query(input(AuditQuery, 'query')) query: z.output<typeof AuditQuery>): Promise<{ items: AuditView[]; next: string | null }> {
    return this.audit.page(query);
  }
}
