export { DIALOG_MS, MAX_AGE_MS } from './current.js';
export { diagnose } from './diagnose.js';
export { readingOf } from './readings.js';
export { RULES, type Rule, ruleOf, WAITING_CAUSES } from './rules.js';
export * from './shapes.js';
export { SIGNALS, type SignalName, type Tri } from './signals.js';
export { causeTitle, causeWords, type FixWords, fixWords, pairSentence } from './words.js';
