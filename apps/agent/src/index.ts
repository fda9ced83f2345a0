export { type Agent, type AgentOptions, createAgent } from './agent.js';
export { enrol, LinkError, type LinkLog, type LinkStatus } from './link/index.js';
export { AGENT_VERSION } from './version.js';
