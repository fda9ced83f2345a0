export { CalledOff, Overdue, pause, within } from './deadline.js';
export { LOCKDOWN_TYPE } from './lockdown.js';
export { PHONE_PROBES, surveyPhone, unreachablePhone } from './phone-survey.js';
export { PhoneTalk } from './phone-talk.js';
export { answer, draft, failReason, type HostProbe, isExpected, type ProbeContext, stamped } from './probe.js';
export { HARMLESS_SERVICE } from './service-start.js';
export { type HostSurvey, PHONES_AT_ONCE, runProbes, surveyHost } from './survey.js';
