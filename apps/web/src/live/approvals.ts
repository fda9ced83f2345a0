import { GuidedRunView, page, RunView } from '@lockstep/core/protocol';
import { queryOptions } from '@tanstack/react-query';
import { api } from './api.js';
import { keys } from './keys.js';

const RunPage = page(RunView);
const GuidedPage = page(GuidedRunView);
/** As many as a person decides about in one sitting; the count beside the link tells of more. */
const ROWS = 100;

/** What waits for somebody's yes: an order, or steps that people want to begin with. */
export interface WaitingRun
  extends Pick<
    RunView,
    'id' | 'pairId' | 'hostName' | 'deviceName' | 'udid' | 'fix' | 'cause' | 'approval' | 'requestedBy' | 'askedAt' | 'expiresAt'
  > {
  kind: 'order' | 'guided';
  state: RunView['state'] | GuidedRunView['state'];
}

/** An order as it is decided about. */
export const waitingOrder = (run: RunView): WaitingRun => ({ ...run, kind: 'order' });
/** A guided run as it is decided about. */
export const waitingGuided = (run: GuidedRunView): WaitingRun => ({
  ...run,
  kind: 'guided',
  requestedBy: run.startedBy.name,
  askedAt: run.startedAt,
  expiresAt: run.deadlineAt,
});

/** Orders and guided runs that wait, the oldest first. */
export function waitingOf(orders: readonly RunView[], guided: readonly GuidedRunView[]): WaitingRun[] {
  return [...orders.map(waitingOrder), ...guided.map(waitingGuided)].sort((a, b) => Date.parse(a.askedAt) - Date.parse(b.askedAt));
}

const AWAITING = 'awaiting-approval';
/** Runs that wait for somebody's yes, the oldest first. The socket tells when that changes. */
export const approvalsQuery = queryOptions({
  queryKey: keys.approvals,
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnMount: 'always',
  queryFn: async ({ signal }) => {
    const [orders, guided] = await Promise.all([
      api('/fix-runs', { query: { state: AWAITING, sort: 'askedAt', limit: ROWS }, schema: RunPage, signal }),
      api('/guided-runs', { query: { state: AWAITING, sort: 'startedAt', limit: ROWS }, schema: GuidedPage, signal }),
    ]);
    return { items: waitingOf(orders.items, guided.items) };
  },
});

/** Said twice it is said once. */
export const approveGuided = (id: string, body: { reason?: string }, key: string) =>
  api(`/guided-runs/${encodeURIComponent(id)}/approve`, { method: 'POST', body, key, schema: GuidedRunView });
export const declineGuided = (id: string, body: { reason: string }, key: string) =>
  api(`/guided-runs/${encodeURIComponent(id)}/decline`, { method: 'POST', body, key, schema: GuidedRunView });
/** Said twice it is said once. `ecid`: the phone's own number, where its UDID does not hold it. */
export const approveRun = (id: string, body: { reason?: string; ecid?: string }, key: string) =>
  api(`/fix-runs/${encodeURIComponent(id)}/approve`, { method: 'POST', body, key, schema: RunView });
export const declineRun = (id: string, body: { reason: string }, key: string) =>
  api(`/fix-runs/${encodeURIComponent(id)}/decline`, { method: 'POST', body, key, schema: RunView });
