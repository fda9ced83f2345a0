import type { FindingView, FleetSummary, HostRow, PairRow } from '@lockstep/core/protocol';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { Require } from '../access/index.js';
import { input } from '../platform/index.js';
import { FindingsQuery } from './finding-list.js';
import { HostsQuery } from './host-list.js';
import { PairsQuery } from './pair-list.js';
import { Pairs } from './pairs.js';

type Page<T> = Promise<{ items: T[]; next: string | null }>;

/** Lists of pairs, hosts and findings. One pair with everything about it is the fixes room's, because its runs are. */
@Controller('api/v1')
@Require('viewer')
export class PairsController {
  constructor(@Inject(Pairs) private readonly pairs: Pairs) {}

  @Get('pairs')
  list(@Query(input(PairsQuery, 'query')) query: PairsQuery): Page<PairRow> {
    return this.pairs.list(query);
  }

  @Get('pairs/summary')
  summary(): Promise<FleetSummary> {
    return this.pairs.summary();
  }

  @Get('hosts')
  hosts(@Query(input(HostsQuery, 'query')) query: HostsQuery): Page<HostRow> {
    return this.pairs.hosts(query);
  }

  @Get('hosts/:id')
  host(@Param('id', input(z.uuid(), 'id')) id: string): Promise<HostRow> {
    return this.pairs.host(id);
  }

  @Get('findings')
  findings(@Query(input(FindingsQuery, 'query')) query: FindingsQuery): Page<FindingView> {
    return this.pairs.findings(query);
  }
}
