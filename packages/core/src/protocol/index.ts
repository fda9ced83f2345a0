export * from './agent.js';
export * from './console.js';
