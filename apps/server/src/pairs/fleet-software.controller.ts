import { CompatibilityRow, CompatibilitySummary, page, SoftwareModels } from '@lockstep/core/protocol';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { CompatibilityQuery, IosQuery } from './compatibility.js';
import { FleetSoftware } from './fleet-software.js';

/** What the fleet runs, beside what Apple offers it. */
@Controller('api/v1/software')
@Require('viewer')
export class FleetSoftwareController {
  constructor(@Inject(FleetSoftware) private readonly fleet: FleetSoftware) {}

  @Get('models')
  @Answers(SoftwareModels, 'Each model of phone and Mac in the fleet: the versions it runs, and what it is offered')
  models(): Promise<SoftwareModels> {
    return this.fleet.models();
  }

  @Get('compatibility')
  @Answers(page(CompatibilityRow), 'Computers beside phones that take an iOS: which would no longer work with them, and why')
  compatibility(
    @Query(input(CompatibilityQuery, 'query')) query: CompatibilityQuery,
  ): Promise<{ items: CompatibilityRow[]; next: string | null }> {
    return this.fleet.compatibility(query);
  }

  @Get('compatibility/summary')
  @Answers(CompatibilitySummary, 'How many computers would no longer work with phones that take an iOS')
  compatibilitySummary(@Query(input(IosQuery, 'query')) query: IosQuery): Promise<CompatibilitySummary> {
    return this.fleet.compatibilitySummary(query);
  }
}
