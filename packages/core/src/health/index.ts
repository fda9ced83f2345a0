export * from './current-facts.js';
export * from './facts.js';
export * from './identities.js';
export * from './layers.js';
export * from './text.js';
export * from './vocabulary.js';
