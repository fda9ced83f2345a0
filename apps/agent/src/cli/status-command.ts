import { printable } from '@lockstep/core/health';
import {
  readNotes,
  SERVICE_DIR,
  SERVICE_FILE,
  SESSION_FOLDER,
  type ServiceState,
  type SessionNote,
  serviceState,
} from '../install/index.js';
import { readStanding, type Standing } from '../link/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import { type Command, EXIT } from './command.js';

/**
 * `status [--json]`: how the agent stands on this computer. Looks only. Exit 0: installed, started with the computer, running, enrolled, key
 * usable; 1: something of this is not so; 2: it could not be told; 77: this user may not look.
 */
export const statusCommand: Command = async (argv, { terminal, env, machine, system: open }) => {
  const { options, words } = readArguments(argv, { json: 'flag' });
  noWords(words);
  const system = open();
  const service = await serviceState(system);
  const now = machine().now();
  // The folder of the service when there is one; else the one that `run` would use here.
  const dir = service.installed ? system.locate(SERVICE_DIR[system.os]) : env().dir;
  const standing = readStanding(dir, now);
  const session = system.os === 'macos' ? readNotes(system.locate(SESSION_FOLDER)) : [];
  const file = SERVICE_FILE[system.os];
  if (options.json) {
    const json = { schema: 1, agent: AGENT_VERSION, os: system.os, service: { file, ...service }, ...standing, session };
    terminal.out(`${JSON.stringify(json, null, 2)}\n`);
  } else for (const line of lines({ file, service, standing, session, now })) terminal.out(`${line}\n`);
  if (standing.folder === 'denied') {
    terminal.talk(`lockstep-agent status: ${dir} is private to its owner: run it as root or as an administrator\n`);
    return EXIT.notPermitted;
  }
  return exitOf(service, standing);
};

function exitOf(service: ServiceState, standing: Standing): number {
  const wrong =
    !service.installed ||
    service.enabled === false ||
    service.running === false ||
    standing.enrolled === null ||
    standing.key !== 'usable' ||
    standing.problems.length > 0;
  if (wrong) return EXIT.fault;
  return service.enabled === null || service.running === null ? EXIT.unknown : EXIT.ok;
}

interface Told {
  file: string;
  service: ServiceState;
  standing: Standing;
  session: SessionNote[];
  now: number;
}

function lines({ file, service, standing: s, session, now }: Told): string[] {
  const row = (name: string, text: string) => `${name.padEnd(9)} ${printable(text)}`;
  const unknown = s.folder === 'denied';
  const enrolled = s.enrolled
    ? `at ${s.enrolled.server} as host ${s.enrolled.hostId}${s.enrolled.enrolledAt ? ` since ${s.enrolled.enrolledAt}` : ''}`
    : 'no';
  return [
    row('service', serviceWords(service)),
    row('file', service.installed ? file : `none (${file})`),
    row('folder', s.folder === 'ok' ? s.dir : `${s.dir} (${s.folder})`),
    row('enrolled', unknown ? 'not known' : enrolled),
    row('key', unknown ? 'not known' : s.key),
    row('process', s.pid === null ? (unknown ? 'not known' : 'no agent runs on this folder') : `${s.pid}`),
    row('contact', s.lastContact === null ? (unknown ? 'not known' : 'never') : `${s.lastContact} (${ago(s.lastContact, now)})`),
    row('waiting', s.spool === null ? (unknown ? 'not known' : 'nothing') : `${s.spool.waiting} messages, spool of ${s.spool.bytes} bytes`),
    ...session.map((n) => row('session', `user ${n.uid}: ${n.facts.length} readings, ${ago(n.at, now)}`)),
    ...s.problems.map((p) => row('PROBLEM', p.message)),
  ];
}

function serviceWords({ installed, known, enabled, running, pid, why }: ServiceState): string {
  if (!installed && known !== true) return why === null ? 'not installed' : `not installed; ${why}`;
  const word = (value: boolean | null, yes: string, no: string) => (value === null ? null : value ? yes : no);
  return [
    'installed',
    word(enabled, 'starts with the computer', 'does NOT start with the computer'),
    word(running, `running${pid === null ? '' : ` (process ${pid})`}`, 'NOT running'),
    why,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** How long ago, in whole words; a moment in the future is told as such. */
function ago(at: string, now: number): string {
  const s = Math.round((now - Date.parse(at)) / 1_000);
  if (s < 0) return `${-s} s ahead of this computer's clock`;
  if (s < 120) return `${s} s ago`;
  if (s < 7_200) return `${Math.round(s / 60)} min ago`;
  return s < 172_800 ? `${Math.round(s / 3_600)} h ago` : `${Math.round(s / 86_400)} days ago`;
}
