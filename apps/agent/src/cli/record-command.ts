import { UsageError } from '../machine/index.js';
import { NotPermitted, type Recording, record } from '../record/index.js';
import { noWords, readArguments } from './arguments.js';
import { type CommandContext, EXIT } from './command.js';

/** How what was taken out is called, one and many. */
const CALLED: Record<keyof Recording['scrubbed'], string> = {
  udid: 'UDIDs',
  ecid: 'ECIDs',
  serial: 'serial numbers',
  name: 'words of names',
  mac: 'MAC addresses',
  address: 'IP addresses',
  uuid: 'UUIDs',
  hex: 'other long hex numbers',
  imei: 'IMEIs',
  sid: 'security ids',
  email: 'mail addresses',
  key: 'keys, certificates and hashes',
  comment: 'comments of rules',
};

/**
 * `record DIR`: every reading command of this computer as a scrubbed sample folder. stdout names the folders; stderr says, in numbers only,
 * what was taken out. Exit 2 when an output could not be scrubbed or means something else now.
 */
export async function recordCommand(argv: readonly string[], { terminal, machine }: CommandContext): Promise<number> {
  const { words } = readArguments(argv, {});
  const [dir, ...rest] = words;
  if (dir === undefined || dir === '') throw new UsageError('record: needs the folder to write into, new or empty');
  noWords(rest);
  let done: Recording;
  try {
    done = await record({ machine: machine(), dir, began: (id) => terminal.talk(`running ${id}\n`) });
  } catch (e) {
    if (!(e instanceof NotPermitted)) throw e;
    terminal.talk(`lockstep-agent record: ${e.message}\n`);
    return EXIT.notPermitted;
  }
  for (const folder of done.written) terminal.out(`${folder}\n`);
  for (const line of told(done)) terminal.talk(`${line}\n`);
  return done.withheld.length + done.changed.length > 0 ? EXIT.unknown : EXIT.ok;
}

function told({ written, absent, withheld, changed, scrubbed }: Recording): string[] {
  const counts = Object.entries(scrubbed).map(([kind, n]) => `${n} ${CALLED[kind as keyof typeof CALLED]}`);
  return [
    `${written.length} samples written`,
    ...(absent.length > 0 ? [`not on this computer: ${absent.join(', ')}`] : []),
    `taken out: ${counts.length > 0 ? counts.join(', ') : 'nothing was found'}`,
    ...(withheld.length > 0 ? [`NOT written, because something of yours was still in it: ${withheld.join(', ')}`] : []),
    ...(changed.length > 0 ? [`reads differently since it was scrubbed, look before you share it: ${changed.join(', ')}`] : []),
    'Look through the folder before you give it away.',
  ];
}
