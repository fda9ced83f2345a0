export { type Agent, type AgentOptions, createAgent, FULL_MS, STILL_MS } from './agent.js';
export { enrol, LinkError, type LinkLog, type LinkStatus } from './link/index.js';
export { AGENT_VERSION } from './version.js';
