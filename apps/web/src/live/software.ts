import { CompatibilityRow, CompatibilitySummary, page, SoftwareModels, SoftwareView } from '@lockstep/core/protocol';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api } from './api.js';
import { keys } from './keys.js';

const RowPage = page(CompatibilityRow);
/** How often it is read again, ms: lists change every few hours, what phones run every few days. */
const POLL_MS = 60_000;
/** Rows of one page. */
const ROWS = 100;

/** What is known of Apple's software, and how old that is. */
export const softwareQuery = queryOptions({
  queryKey: keys.software,
  refetchInterval: POLL_MS,
  queryFn: ({ signal }) => api('/software', { schema: SoftwareView, signal }),
});

/** What the fleet runs, by model. */
export const softwareModelsQuery = queryOptions({
  queryKey: keys.softwareModels,
  refetchInterval: POLL_MS,
  queryFn: ({ signal }) => api('/software/models', { schema: SoftwareModels, signal }),
});

/** How many computers an iOS would lose. */
export const compatibilitySummaryQuery = (ios: string) =>
  queryOptions({
    queryKey: keys.compatibilitySummary(ios),
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api('/software/compatibility/summary', { query: { ios }, schema: CompatibilitySummary, signal }),
  });

/** The computers beside phones that take this iOS, worst first. */
export const compatibilityQuery = (ios: string, outcome: string | null) =>
  infiniteQueryOptions({
    queryKey: keys.compatibility(ios, outcome),
    refetchInterval: POLL_MS,
    initialPageParam: '',
    // What was found before stays while the next question is asked.
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      api('/software/compatibility', {
        query: { ios, ...(outcome === null ? {} : { outcome }), limit: ROWS, after: pageParam },
        schema: RowPage,
        signal,
      }),
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** For admins. The same `key` reads once. */
export const refreshSoftware = (key: string) => api('/software/refresh', { method: 'POST', body: {}, key, schema: SoftwareView });
