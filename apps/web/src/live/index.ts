/* What the pages know of the server: questions, answers, and what it says by itself. */
export type { MadeToken, TokenView } from './access.js';
export { idempotencyKey, onSignedOut } from './api.js';
export {
  approvalsQuery,
  approveGuided,
  approveRun,
  declineGuided,
  declineRun,
  type WaitingRun,
  waitingGuided,
  waitingOf,
  waitingOrder,
} from './approvals.js';
export * from './fleet-view.js';
export { abandonGuided, answerQuestion, startGuided, tickStep } from './guided.js';
export { isGuidedOver, withAnswer, withGuided } from './guided-patch.js';
export * from './host-view.js';
export { keys } from './keys.js';
export {
  LiveProvider,
  makeQueryClient,
  useLiveState,
  useRowMemory,
  useServerStatus,
  useTicketMemory,
  useWatch,
  useWatchTickets,
} from './live.js';
export { endOrderKey, orderAuditQuery, orderKeysQuery, ordersQuery, putStop, rotateOrderKey } from './orders.js';
export { isOver, withRun } from './patch.js';
export {
  addPerson,
  changePassword,
  changePerson,
  type MadeLink,
  makePasswordLink,
  type Person,
  peopleQuery,
  setPassword,
} from './people.js';
export { ApiError, asApiError } from './problem.js';
export {
  type AskRecord,
  askFix,
  assigneesQuery,
  cancelRun,
  changeTicket,
  commentOn,
  csvUrl,
  enter,
  hostsQuery,
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
  type TicketChange,
  ticketQuery,
  ticketSummaryQuery,
  ticketsQuery,
  tokensQuery,
} from './queries.js';
export { askReplay, cancelReplay, differencesQuery, isUnderWay, type ReplayAsk, replaysQuery } from './replays.js';
export type { LiveState } from './socket.js';
export { compatibilityQuery, compatibilitySummaryQuery, refreshSoftware, softwareModelsQuery, softwareQuery } from './software.js';
export * from './ticket-view.js';
export { patchTicket } from './tickets.js';
