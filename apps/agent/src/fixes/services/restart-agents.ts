import type { Os } from '../../machine/index.js';
import { failed, refused, type Steps } from '../fix.js';
import { begin } from '../look.js';
import { agentsNow, restartAgents } from './agents.js';

/**
 * F17 on macOS: the agents that show, sync and update phones are started anew in the session of the person in front. One that a tool holds
 * stopped goes on first. Finder is left alone, for it may be copying. One that somebody switched off is for F18.
 */
const onMacos: Steps = async (_order, tools) => {
  const now = await agentsNow(tools);
  if (!now.there) return refused(now.word);
  if (now.agents.every((a) => a.missing)) return refused('no-agents');
  if (now.agents.some((a) => a.disabled)) return refused('agent-disabled');
  await begin('F17', null, tools);
  const why = await restartAgents(tools, now.person.uid, now.agents);
  return why === null ? { mechanics: 'done', detail: 'new-pids', facts: [] } : failed(why);
};

/** Windows and Linux have no such agents: what shows phones there is a program that somebody opens. */
export const restartSyncAgents: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: onMacos, windows: 'unsupported' };
