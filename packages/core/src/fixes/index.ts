export * from './catalogue/index.js';
export * from './judge.js';
export * from './may-run.js';
export * from './shapes.js';
export * from './steps.js';
export * from './words.js';
