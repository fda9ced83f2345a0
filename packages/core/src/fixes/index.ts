export * from './catalogue.js';
export * from './judge.js';
export * from './may-run.js';
