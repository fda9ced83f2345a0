import { Inject, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AboutController } from './about.controller.js';
import { measureAccess, Sessions } from './access/index.js';
import { Agents, measureAgents } from './agents/index.js';
import { Fixes, measureFixes } from './fixes/index.js';
import { measurePairs, Pairs } from './pairs/index.js';
import { Clock, Database, Leader, type Leadership, Metrics, measurePlatform, Status } from './platform/index.js';
import { measureSoftware, Software } from './software/index.js';
import { measureTickets, Tickets } from './tickets/index.js';

/** What the server tells about itself: every room's numbers, and the document of every room's routes. */
@Module({ imports: [DiscoveryModule], controllers: [AboutController] })
export class AboutModule {
  constructor(
    @Inject(Metrics) metrics: Metrics,
    @Inject(Database) database: Database,
    @Inject(Status) status: Status,
    @Inject(Leader) leader: Leadership,
    @Inject(Sessions) sessions: Sessions,
    @Inject(Software) software: Software,
    @Inject(Clock) clock: Clock,
    @Inject(Agents) agents: Agents,
    @Inject(Pairs) pairs: Pairs,
    @Inject(Fixes) fixes: Fixes,
    @Inject(Tickets) tickets: Tickets,
  ) {
    measurePlatform(metrics, status, leader);
    measureAccess(metrics, sessions);
    measureSoftware(metrics, software, clock);
    measureAgents(metrics, agents);
    measurePairs(metrics, database, pairs);
    measureFixes(metrics, database, fixes);
    measureTickets(metrics, database, tickets);
  }
}
