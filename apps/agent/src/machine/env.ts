import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DEFAULT_MUX, type MuxAddress, parseMuxAddress, UsageError } from './mux-address.js';

/** What the environment tells the agent. This file is the only reader of it. */
export interface AgentEnv {
  mux: MuxAddress;
  /** Root of the Linux device tree. */
  sysfs: string;
  /** Key, spool, journal, undo copies. */
  dir: string;
  lab: boolean;
}

/**
 * Parses USBMUXD_SOCKET_ADDRESS, LOCKSTEP_SYSFS, LOCKSTEP_AGENT_DIR and LOCKSTEP_LAB. An empty value counts as unset.
 * Throws {@link UsageError} naming the variable.
 */
export function parseAgentEnv(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform, uid: number | null): AgentEnv {
  const value = (name: string) => (env[name] === '' ? undefined : env[name]);
  const folder = (name: string, fallback: string) => {
    const v = value(name) ?? fallback;
    if (v.includes('\u0000')) throw new UsageError(`${name}: must be a path (got ${JSON.stringify(v)})`);
    return resolve(v);
  };
  const lab = value('LOCKSTEP_LAB') ?? '0';
  if (lab !== '0' && lab !== '1') throw new UsageError(`LOCKSTEP_LAB: must be 1, or unset (got ${JSON.stringify(lab)})`);
  const address = value('USBMUXD_SOCKET_ADDRESS');
  return {
    mux: address === undefined ? (platform === 'win32' ? DEFAULT_MUX.windows : DEFAULT_MUX.posix) : parseMuxAddress(address),
    sysfs: folder('LOCKSTEP_SYSFS', '/sys'),
    dir: folder('LOCKSTEP_AGENT_DIR', defaultDir(env, platform, uid)),
    lab: lab === '1',
  };
}

/** Reads this process's environment. */
export function agentEnv(): AgentEnv {
  return parseAgentEnv(process.env, process.platform, process.getuid?.() ?? null);
}

/** Root keeps state where the file hierarchy standard puts it; a user where the XDG base directories do. */
function defaultDir(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform, uid: number | null): string {
  if (platform === 'win32') return join(env.ProgramData ?? 'C:\\ProgramData', 'Lockstep', 'agent');
  if (uid === 0) return platform === 'darwin' ? '/Library/Application Support/Lockstep/agent' : '/var/lib/lockstep-agent';
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Lockstep', 'agent');
  const state = env.XDG_STATE_HOME;
  return join(state && isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'lockstep-agent');
}
