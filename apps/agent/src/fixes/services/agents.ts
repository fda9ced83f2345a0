import { agentOf, type CommandId, isHeld, readDisabled, readMacProcesses, SYNC_AGENTS, type SyncAgentLabel } from '../../machine/index.js';
import { type Person, pause, personInFront } from '../../probes/index.js';
import type { FixTools } from '../fix.js';
import { ranWell } from '../look.js';

/** What each of Apple's agents is asked and told by. */
interface AgentCommands {
  print: CommandId;
  anew: CommandId;
  start: CommandId;
  enable: CommandId;
  load: CommandId;
  disable: CommandId;
}

const COMMANDS = {
  'com.apple.AMPDeviceDiscoveryAgent': {
    print: 'launchctl-discovery-agent',
    anew: 'discovery-agent-anew',
    start: 'discovery-agent-start',
    enable: 'discovery-agent-enable',
    load: 'discovery-agent-load',
    disable: 'discovery-agent-disable',
  },
  'com.apple.AMPDevicesAgent': {
    print: 'launchctl-devices-agent',
    anew: 'devices-agent-anew',
    start: 'devices-agent-start',
    enable: 'devices-agent-enable',
    load: 'devices-agent-load',
    disable: 'devices-agent-disable',
  },
  'com.apple.mobiledeviceupdater': {
    print: 'launchctl-updater-agent',
    anew: 'updater-agent-anew',
    start: 'updater-agent-start',
    enable: 'updater-agent-enable',
    load: 'updater-agent-load',
    disable: 'updater-agent-disable',
  },
} as const satisfies Record<SyncAgentLabel, AgentCommands>;

/** One of Apple's agents in the session of the person in front, as it stands now. */
export interface AgentNow {
  label: SyncAgentLabel;
  commands: AgentCommands;
  /** Its process; null while it is at rest. */
  pid: number | null;
  /** A tool holds it stopped. */
  held: boolean;
  disabled: boolean;
  /** This macOS has none of the name. */
  missing: boolean;
}

export type AgentsNow =
  | {
      there: true;
      person: Extract<Person, { there: true }>;
      agents: AgentNow[];
      /** Processes of the multiplexer that a tool holds stopped. */
      heldMux: number[];
    }
  | { there: false; word: string };

/** Looks at the agents of the person in front. Only what is asked here is ever sent a signal. */
export async function agentsNow(tools: Pick<FixTools, 'ctx' | 'signal'>): Promise<AgentsNow> {
  const { machine } = tools.ctx;
  const { signal } = tools;
  const no = (word: string): AgentsNow => ({ there: false, word });
  const person = await personInFront(machine, signal);
  if (!person.there) return no(person.reason === 'no-session' ? 'nobody-in-front' : 'session-unreadable');
  const { uid } = person;
  const list = readMacProcesses(await machine.run('process-list', signal));
  if (!list.read) return no('programs-unreadable');
  const off = readDisabled(await machine.run('launchctl-disabled', signal, { uid }));
  if (!off.read) return no('agents-unreadable');
  const agents: AgentNow[] = [];
  for (const label of Object.keys(COMMANDS) as SyncAgentLabel[]) {
    const commands = COMMANDS[label];
    const found = agentOf(label, await machine.run(commands.print, signal, { uid }));
    if (!found.read) return no('agents-unreadable');
    // Its own process by name and owner: a number alone may be another program's by now.
    const own = list.processes.filter((p) => p.name === SYNC_AGENTS[label] && String(p.uid) === uid);
    const process = own.find((p) => p.pid === found.agent.pid) ?? own.find(isHeld) ?? null;
    const disabled = off.labels.has(label);
    const missing = found.agent.state === 'missing' && !disabled;
    agents.push({ label, commands, pid: process?.pid ?? null, held: process !== null && isHeld(process), disabled, missing });
  }
  const heldMux = list.processes.filter((p) => p.name === 'usbmuxd' && isHeld(p)).map((p) => p.pid);
  return { there: true, person, agents, heldMux };
}

/** Lets go on what is held stopped. Null when it does, else a word. */
export async function letGoOn({ ctx, signal }: FixTools, pid: number): Promise<string | null> {
  return ranWell(await ctx.machine.run('program-continue', signal, { pid: String(pid) })) ? null : 'not-continued';
}

/** How long one agent has to come up anew, ms: launchd starts it within a second. */
const ANEW_MS = 4_000;

/**
 * Has launchd start an agent anew: told to at once, else asked to end and started. Null when another process runs than before, else a word.
 */
export async function startAnew(tools: FixTools, uid: string, { commands, pid, label }: AgentNow): Promise<string | null> {
  const { ctx, signal } = tools;
  const told = await ctx.machine.run(commands.anew, signal, { uid });
  // What was refused may still have ended it: the process decides. One that ended by itself is started.
  if (ranWell(told) && (await isAnew(tools, uid, label, pid))) return null;
  if (pid !== null && (await isStill(tools, uid, label, pid))) await ctx.machine.run('agent-term', signal, { pid: String(pid) });
  await ctx.machine.run(commands.start, signal, { uid });
  return (await isAnew(tools, uid, label, pid)) ? null : 'old-pid-stays';
}

async function isAnew(tools: FixTools, uid: string, label: SyncAgentLabel, old: number | null): Promise<boolean> {
  const { ctx, waits, signal } = tools;
  const until = performance.now() + Math.min(ANEW_MS, waits.relist, tools.timeLeft() / 4);
  for (;;) {
    const now = agentOf(label, await ctx.machine.run(COMMANDS[label].print, signal, { uid }));
    if (now.read && now.agent.state === 'running' && now.agent.pid !== null && now.agent.pid !== old) return true;
    if (performance.now() >= until) return false;
    await pause(Math.min(waits.look, 500), signal);
  }
}

/** Whether a number is still the agent's: no other program is ever sent a signal. */
async function isStill({ ctx, signal }: FixTools, uid: string, label: SyncAgentLabel, pid: number): Promise<boolean> {
  const list = readMacProcesses(await ctx.machine.run('process-list', signal));
  return list.read && list.processes.some((p) => p.pid === pid && p.name === SYNC_AGENTS[label] && String(p.uid) === uid);
}

/** Starts anew the agents that show and sync phones, and the updater where it runs. Null when all of them are, else a word. */
export async function restartAgents(tools: FixTools, uid: string, agents: readonly AgentNow[]): Promise<string | null> {
  for (const agent of agents) {
    // At rest the updater is started by need: starting it may open its window.
    if (agent.missing || (agent.label === 'com.apple.mobiledeviceupdater' && agent.pid === null)) continue;
    if (agent.held && agent.pid !== null) {
      // One that is held stopped hears nothing else.
      const why = await letGoOn(tools, agent.pid);
      if (why !== null) return why;
    }
    const why = await startAnew(tools, uid, agent);
    if (why !== null) return why;
  }
  return null;
}
