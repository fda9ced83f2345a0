import { type PlistDict, writePlist } from '../device/index.js';
import type { Program } from './program.js';
import { SESSION_FOLDER } from './session-note.js';

export const DAEMON_LABEL = 'lockstep.agent';
export const DAEMON_PATH = '/Library/LaunchDaemons/lockstep.agent.plist';
export const HELPER_PATH = '/Library/LaunchAgents/lockstep.session.plist';
export const DAEMON_LOG = '/Library/Logs/lockstep-agent.log';

/** The helper looks once per sign-in and then every five minutes: a setting that hides phones changes rarely, and a look costs a process. */
const LOOK_EVERY_S = 300;

/** The daemon, as launchd.plist(5) describes it: root, from the start of the computer, begun again when it failed. */
export function daemonPlist({ node, script }: Program): Buffer {
  return writePlist({
    Label: DAEMON_LABEL,
    ProgramArguments: [node, script, 'run', '--wait'],
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 30,
    // launchd's default; "Background" would hold back reading when a phone is plugged in.
    ProcessType: 'Standard',
    ExitTimeOut: 20,
    // A tool that writes a phone's firmware is not cut off when the agent is stopped: the phone may never start again.
    AbandonProcessGroup: true,
    Umask: 0o077,
    StandardErrorPath: DAEMON_LOG,
  } satisfies PlistDict);
}

/**
 * The helper in each signed-in person's session. It runs `session`, which looks at the computer with that person's eyes (the daemon reads
 * root's preferences, not theirs) and leaves a note that `status` reads. No process stays.
 */
export function helperPlist({ node, script }: Program): Buffer {
  return writePlist({
    Label: 'lockstep.session',
    ProgramArguments: [node, script, 'session', '--into', SESSION_FOLDER],
    LimitLoadToSessionType: 'Aqua',
    RunAtLoad: true,
    StartInterval: LOOK_EVERY_S,
    ProcessType: 'Background',
    LowPriorityIO: true,
    Nice: 10,
  } satisfies PlistDict);
}
