import { FEEDS } from '@lockstep/core/software';
import type { Clock, Metrics } from '../platform/index.js';
import { FEED_FAULTS } from './feed-error.js';
import type { Software } from './software.js';

/** The room's numbers. */
export function measureSoftware(metrics: Metrics, software: Pick<Software, 'reader' | 'catalogue'>, clock: Clock): void {
  const read = metrics.counter(
    'lockstep_software_feed_reads_total',
    'Tries of this process to read a feed of released software, by outcome',
    {
      feed: FEEDS,
      outcome: ['new', 'same', ...FEED_FAULTS],
    },
  );
  software.reader.tried = (feed, outcome) => read.add({ feed, outcome });
  metrics.gauge(
    'lockstep_software_feed_age_seconds',
    'How long ago a feed was last known to be up to date; older than 259200 it judges nothing',
    { feed: FEEDS },
    () =>
      FEEDS.flatMap((feed) => {
        const checkedAt = software.catalogue.checkedAt[feed];
        return checkedAt === null ? [] : [[{ feed }, Math.max(0, (clock.now() - checkedAt) / 1000)] as const];
      }),
  );
}
