import { Readable } from 'node:stream';
import { FindingView, FleetSummary, HostRow, PairRow, page } from '@lockstep/core/protocol';
import { Controller, Get, Inject, Param, Query, StreamableFile } from '@nestjs/common';
import { z } from 'zod';
import { Require } from '../access/index.js';
import { Answers, AnswersFile, Clock, input } from '../platform/index.js';
import { FindingsQuery } from './finding-list.js';
import { HostsQuery } from './host-list.js';
import { PairsFilter, PairsQuery } from './pair-list.js';
import { Pairs } from './pairs.js';

type Page<T> = Promise<{ items: T[]; next: string | null }>;

async function* again(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value;
  yield* rest;
}

/** Lists of pairs, hosts and findings. One pair with everything about it is the fixes room's, because its runs are. */
@Controller('api/v1')
@Require('viewer')
export class PairsController {
  constructor(
    @Inject(Pairs) private readonly pairs: Pairs,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get('pairs')
  @Answers(page(PairRow), 'Pairs: one device on one host')
  list(@Query(input(PairsQuery, 'query')) query: PairsQuery): Page<PairRow> {
    return this.pairs.list(query);
  }

  /** All rows of a list, whatever their number. */
  @Get('pairs.csv')
  @AnswersFile('text/csv', 'The same list as CSV: every row, UTF-8 with a byte order mark, a header row')
  async csv(@Query(input(PairsFilter, 'query')) query: PairsFilter): Promise<StreamableFile> {
    const rows = this.pairs.csv(query);
    // The first piece is read before the answer begins: a database that is away is a refusal, not half a file.
    const first = await rows.next();
    const name = `lockstep-pairs-${this.clock.iso().slice(0, 16).replaceAll(':', '')}Z.csv`;
    return new StreamableFile(Readable.from(again(first, rows), { objectMode: false }), {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: `attachment; filename="${name}"`,
    });
  }

  @Get('pairs/summary')
  @Answers(FleetSummary, 'Counts of the whole fleet')
  summary(): Promise<FleetSummary> {
    return this.pairs.summary();
  }

  @Get('hosts')
  @Answers(page(HostRow), 'Hosts: computers with an agent')
  hosts(@Query(input(HostsQuery, 'query')) query: HostsQuery): Page<HostRow> {
    return this.pairs.hosts(query);
  }

  @Get('hosts/:id')
  @Answers(HostRow, 'One host')
  host(@Param('id', input(z.uuid(), 'id')) id: string): Promise<HostRow> {
    return this.pairs.host(id);
  }

  @Get('findings')
  @Answers(page(FindingView), 'Findings, open and closed')
  findings(@Query(input(FindingsQuery, 'query')) query: FindingsQuery): Page<FindingView> {
    return this.pairs.findings(query);
  }
}
