export { CalledOff, Overdue, pause, within } from './deadline.js';
export { HOST_QUESTIONS, isReadOnly, MAC_MUX_ACCOUNT, muxAccount, type Person, personInFront } from './host/index.js';
export { HARMLESS_SERVICE, LOCKDOWN_TYPE } from './phone/index.js';
export { askLockdown, PHONE_PROBES, surveyPhone, unreachablePhone } from './phone-survey.js';
export { PhoneTalk } from './phone-talk.js';
export {
  type Ask,
  type Asking,
  answer,
  askHost,
  draft,
  failReason,
  type HostProbe,
  isExpected,
  type ProbeContext,
  type Row,
  stamped,
} from './probe.js';
export { costlyAmong, type Sharing, sharingRuns } from './shared-runs.js';
export { type HostSurvey, PHONES_AT_ONCE, runProbes, surveyAsks, surveyHost } from './survey.js';
