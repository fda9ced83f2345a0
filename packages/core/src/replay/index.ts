export { isEmpty, type RuleChange, RulesOverlay, SHIPPED, type Table, tableOf } from './overlay.js';
export * from './past.js';
export * from './replay.js';
export { type Stretch, walk } from './walk.js';
