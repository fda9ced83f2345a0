export * from './current-facts.js';
export * from './facts.js';
export * from './identities.js';
export * from './layers.js';
export * from './news.js';
export * from './text.js';
export * from './vocabulary.js';
