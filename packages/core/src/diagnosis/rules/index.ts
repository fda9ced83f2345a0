export { type Ask, holdsNow, type Rule } from './rule.js';
export { addTo, emptySet, isIn, meets, type RuleSet, takeOut } from './rule-set.js';
export { ASKED, digitOf, neverWith, numberOf, Settles, signalsOf } from './settles.js';
export { RULES, ruleOf, WAITING_CAUSES } from './table.js';
