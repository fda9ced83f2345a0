import { page, ReplayDifferenceView, ReplayView } from '@lockstep/core/protocol';
import type { RuleChange } from '@lockstep/core/replay';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from './api.js';
import { keys } from './keys.js';

const ReplayPage = page(ReplayView);
interface Replays {
  items: ReplayView[];
  next: string | null;
}
const DifferencePage = page(ReplayDifferenceView);
/** How often a trial that is under way is read again, ms; and the list of those that are not. */
const RUNNING_MS = 1_500;
const SLOW_MS = 20_000;
/** Rows of one page. */
const ROWS = 100;

/** A trial that is not over. */
export const isUnderWay = (r: Pick<ReplayView, 'state'>) => r.state === 'queued' || r.state === 'running';

/** What is asked for. */
export interface ReplayAsk {
  days: number;
  against: ReplayView['against'];
  os?: ReplayView['os'] & string;
  cause?: string;
  overlay: { rules: readonly RuleChange[]; software?: { warnDays?: number; failDays?: number } };
}

/** The last trials. For admins. */
export const replaysQuery = queryOptions({
  queryKey: keys.replays,
  queryFn: ({ signal }): Promise<Replays> => api('/replays', { query: { limit: 20 }, schema: ReplayPage, signal }),
  refetchInterval: (query) => (query.state.data?.items.some(isUnderWay) ? RUNNING_MS : SLOW_MS),
});

/** What a trial found; once it is over, it stays so. */
export const differencesQuery = (id: string, isOver: boolean) =>
  infiniteQueryOptions({
    queryKey: [...keys.differences(id), isOver],
    staleTime: isOver ? Number.POSITIVE_INFINITY : 0,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      api('/replay-differences', { query: { replay: id, limit: ROWS, after: pageParam }, schema: DifferencePage, signal }),
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** Asks for a trial. The same `key` makes one. */
export const askReplay = (body: ReplayAsk, key: string) => api('/replays', { method: 'POST', body, key, schema: ReplayView });
export const cancelReplay = (id: string) => api(`/replays/${encodeURIComponent(id)}`, { method: 'DELETE', schema: ReplayView });
