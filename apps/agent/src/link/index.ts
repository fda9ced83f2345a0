export { type EnrolOptions, enrol, parseToken } from './enrolment.js';
export { type Enrolment, loadEnrolled, readEnrolment } from './identity.js';
export type { RunEntry } from './journal.js';
export { Link, type LinkOptions, type LinkStatus } from './link.js';
export { LinkError, type LinkErrorCode } from './link-error.js';
export type { LinkLog } from './log.js';
export type { FixStage, OrderedRun, RunResult } from './runs.js';
export { parseServerUrl } from './server-url.js';
