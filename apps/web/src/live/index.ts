/* What the pages know of the server: questions, answers, and what it says by itself. */
export type { MadeToken, TokenView } from './access.js';
export { idempotencyKey, onSignedOut } from './api.js';
export * from './fleet-view.js';
export { LiveProvider, makeQueryClient, useLiveState, useRowMemory, useWatch } from './live.js';
export { isOver, withRun } from './patch.js';
export { ApiError, asApiError } from './problem.js';
export {
  askFix,
  cancelRun,
  enter,
  hostsQuery,
  keys,
  makeToken,
  pairQuery,
  pairsQuery,
  revokeHost,
  revokeToken,
  sessionQuery,
  setUp,
  setupQuery,
  signIn,
  signOut,
  summaryQuery,
  tokensQuery,
} from './queries.js';
export type { LiveState } from './socket.js';
