import type { CompatibilityRow, CompatibilitySummary, SoftwareModels } from '@lockstep/core/protocol';
import type { Clock, Database } from '../platform/index.js';
import type { Software } from '../software/index.js';
import { type CompatibilityQuery, compatibilityPage, compatibilitySummary, type IosQuery } from './compatibility.js';
import { softwareModels } from './software-models.js';

/** The fleet beside what is known of Apple's software. The catalogue knows nothing of hosts and phones, so the question is asked here. */
export class FleetSoftware {
  constructor(private readonly deps: { database: Pick<Database, 'pool'>; software: Pick<Software, 'catalogue'>; clock: Clock }) {}

  async models(): Promise<SoftwareModels> {
    const { database, software, clock } = this.deps;
    return { items: await softwareModels(database.pool, software.catalogue, clock.now()), at: clock.iso() };
  }

  /** @throws ProblemError 400 for a cursor of another list */
  compatibility(query: CompatibilityQuery): Promise<{ items: CompatibilityRow[]; next: string | null }> {
    return compatibilityPage(this.deps.database.pool, this.deps.software.catalogue, query);
  }

  compatibilitySummary(query: IosQuery): Promise<CompatibilitySummary> {
    return compatibilitySummary(this.deps.database.pool, this.deps.software.catalogue, query);
  }
}
