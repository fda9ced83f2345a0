import {
  COMMANDS,
  type CommandId,
  commandRow,
  type Machine,
  type ParamId,
  type Params,
  paramsOf,
  type Ran,
  readAccount,
  readConsole,
  readSeat,
} from '../machine/index.js';

/** A command that was run for a recording. */
export interface Recorded {
  id: CommandId;
  ran: Ran;
}

/** What became of every reading command. */
export interface Commands {
  recorded: Recorded[];
  /** Not asked: their tool is not here, or the person or session that they are asked about. */
  absent: CommandId[];
}

/** Fields of a command's output that are names, beside those whose label says so everywhere. */
export const NAMES_IN: Partial<Record<CommandId, readonly string[]>> = {
  'cfgutil-list': ['name'],
  'cfgutil-list-own': ['name'],
  'account-of': ['name', 'dir'],
};

/** Commands whose output is versions: four numbers with dots are no address in them. */
export const VERSIONS_IN: ReadonlySet<CommandId> = new Set([
  'dpkg-versions',
  'rpm-versions',
  'pacman-versions',
  'usbmuxd-version',
  'sw-vers',
]);

/** Every command of this computer's system that only reads, in the table's order; never one that acts. */
export function readingCommands(os: Machine['os']): CommandId[] {
  return (Object.keys(COMMANDS) as CommandId[]).filter((id) => commandRow(id).os === os && commandRow(id).effect === 'reads');
}

/** Runs them one after the other, each within its own deadline. */
export async function runAll(machine: Machine, began: (id: CommandId) => void = () => {}): Promise<Commands> {
  const known = await placesOf(machine);
  const recorded: Recorded[] = [];
  const absent: CommandId[] = [];
  for (const id of readingCommands(machine.os)) {
    const params = paramsFor(id, known);
    if (params === null) {
      absent.push(id);
      continue;
    }
    began(id);
    const ran = await machine.run(id, undefined, params);
    // A tool that is missing or could not be started left nothing that a parser would be given.
    if (ran.failure === 'missing-tool' || ran.failure === 'unsupported' || ran.failure === 'io') absent.push(id);
    else recorded.push({ id, ran });
  }
  return { recorded, absent };
}

/** The values of a command's open places; null when one of them is not known here. */
function paramsFor(id: CommandId, known: Params): Params | null {
  const wanted = paramsOf(commandRow(id));
  if (wanted.some((name) => known[name] === undefined)) return null;
  return Object.fromEntries(wanted.map((name) => [name, known[name]]));
}

/** What fills open places, found out on the computer itself: the session or person in front. */
async function placesOf(machine: Machine): Promise<Partial<Record<ParamId, string>>> {
  if (machine.os === 'linux') {
    const seat = readSeat(await machine.run('seat-show'));
    return seat.read && seat.active !== null ? { session: seat.active } : {};
  }
  if (machine.os === 'windows') return {};
  const console = readConsole(await machine.run('ioreg-root'));
  if (!console.read || console.uid === null) return {};
  const account = readAccount(await machine.run('account-of', undefined, { uid: console.uid }));
  return { uid: console.uid, ...(account.read ? { home: account.home } : {}) };
}
