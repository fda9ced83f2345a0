import { HostId } from '@lockstep/core/health';
import { AuditView, ENROL_PATH, EnrolAnswer, EnrolRequest, page } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { Answers, AnswersNothing, input } from '../platform/index.js';
import { By, From, Public, Require } from './access.guard.js';
import { Audit, AuditQuery } from './audit.js';
import type { Caller } from './caller.js';
import { Doors, type Peer } from './doors.js';
import { Enrolment } from './enrolment.js';
import { HostKeys } from './host-keys.js';

const AuditPage = page(AuditView);

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
  @Answers(EnrolAnswer, 'Enrol a computer; SPEC.md says what is signed', {
    400: ['version-not-served'],
    401: ['token-of-other-server', 'bad-signature', 'token-unknown', 'token-revoked', 'token-expired', 'token-used-up'],
    403: ['host-revoked', 'tls-required'],
    429: ['too-many-attempts'],
  })
  enrol(@Body(input(EnrolRequest, 'body')) body: EnrolRequest, @From() peer: Peer): Promise<EnrolAnswer> {
    this.doors.checkEncrypted(peer);
    return this.enrolment.enrol(body, peer.address);
  }

  /** Refuses the host from now on. Its pairs and their history stay. */
  @Delete('api/v1/hosts/:id')
  @HttpCode(204)
  @Require('admin')
  @AnswersNothing('Revoke a host: its agent is refused from now on, its runs are cancelled')
  revoke(@Param('id', input(HostId, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<void> {
    return this.hostKeys.revoke(id, caller, peer.address);
  }

  @Get('api/v1/audit')
  @Require('admin')
  @Answers(AuditPage, 'What was done, by whom, newest first')
  auditPage(@Query(input(AuditQuery, 'query')) query: z.output<typeof AuditQuery>): Promise<z.output<typeof AuditPage>> {
    return this.audit.page(query);
  }
}
