export * from './agent.js';
export * from './console.js';
export * from './software.js';
export * from './tickets.js';
