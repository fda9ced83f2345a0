export { Agents, type AgentsDeps } from './agents.js';
export { AgentsModule } from './agents.module.js';
export { type ConnectedHost, Connections } from './connections.js';
export { depthOf } from './frame.js';
export { HostLinks } from './host-links.js';
export { DatabaseUnavailable, HostTransactions, type HostTx, type LockedLink } from './host-transactions.js';
export { type HostMessages, Ingest, type IngestHandler } from './ingest.js';
export { measureAgents } from './metrics.js';
