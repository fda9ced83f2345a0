import { type Metrics, SECONDS } from '../platform/index.js';
import type { Agents } from './agents.js';

/** Messages that one commit takes: powers of four up to the most that is put into one. */
const BATCHES = [1, 4, 16, 64, 256, 1024, 2048] as const;
const OUTCOMES = ['recorded', 'repeated', 'ignored', 'quarantined'] as const;

/** The room's numbers. */
export function measureAgents(metrics: Metrics, agents: Pick<Agents, 'ingest' | 'connections'>): void {
  const { counts } = agents.ingest;
  metrics.gauge('lockstep_hosts_connected', 'Hosts whose agent is connected to this process', {}, () => [[{}, agents.connections.size]]);
  metrics.counted(
    'lockstep_messages_total',
    'Messages of agents that were committed, by what was done with them',
    { outcome: OUTCOMES },
    () => [
      [{ outcome: 'recorded' }, counts.messages],
      [{ outcome: 'repeated' }, counts.duplicates],
      [{ outcome: 'ignored' }, counts.unknown],
      [{ outcome: 'quarantined' }, counts.quarantined],
    ],
  );
  metrics.counted('lockstep_ingest_retries_total', 'Commits that were tried again because the database could not be used', {}, () => [
    [{}, counts.retries],
  ]);
  const batch = metrics.histogram('lockstep_ingest_batch_messages', 'Messages in one commit', {}, BATCHES);
  const ack = metrics.histogram('lockstep_ack_seconds', 'From the arrival of a message to its acknowledgement', {}, SECONDS);
  agents.ingest.watch({ batch: (n) => batch.observe({}, n), acknowledged: (s) => ack.observe({}, s) });
}
