import { CauseId, OSES } from '@lockstep/core/health';
import { REPLAY_AGAINST } from '@lockstep/core/protocol';
import { isEmpty, RulesOverlay } from '@lockstep/core/replay';
import { z } from 'zod';
import { PAST_MS } from '../pairs/index.js';

const DAY_MS = 86_400_000;
const DAYS = PAST_MS / DAY_MS;

/** Body of POST /replays. Without a window: all that is stored. */
export const ReplayBody = z
  .strictObject({
    days: z.number().min(0.01).max(DAYS, `facts are kept for ${DAYS} days`).default(DAYS),
    against: z.enum(REPLAY_AGAINST).default('shipped'),
    /** Differences that last less are left out, s. What was recorded was concluded within seconds of what a replay concludes. */
    atLeastS: z.int().min(0).max(86_400).optional(),
    os: z.enum(OSES).optional(),
    /** Only differences in which it is the verdict before or after. */
    cause: CauseId.optional(),
    hostId: z.uuid().optional(),
    overlay: RulesOverlay.default({ rules: [] }),
  })
  .refine((b) => b.against === 'recorded' || !isEmpty(b.overlay), {
    path: ['overlay'],
    message: 'changes nothing: name a rule or a software threshold, or compare with what was recorded',
  });
export type ReplayBody = z.output<typeof ReplayBody>;

/** Differences that last less are left out when nobody says otherwise, s. */
export const AT_LEAST_S = { shipped: 0, recorded: 120 } as const;
