export { AskBody } from './ask.js';
export type { Dispatched } from './dispatch.js';
export { Fixes, type FixesDeps } from './fixes.js';
export { FixesModule } from './fixes.module.js';
export { JUDGE_AFTER_MS } from './lifecycle.js';
export { measureFixes } from './metrics.js';
export type { Orders } from './orders.js';
export { RunsQuery } from './run-list.js';
export { ACTIVE } from './run-rows.js';
