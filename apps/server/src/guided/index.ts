export { Guided, type GuidedDeps } from './guided.js';
export { GuidedModule } from './guided.module.js';
export { GuidedQuery } from './guided-list.js';
