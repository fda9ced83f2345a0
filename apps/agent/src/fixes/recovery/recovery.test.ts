import { describe, expect, it } from '@jest/globals';
import type { Clearance } from '@lockstep/core/fixes';
import { MuxClient } from '../../device/index.js';
import { type CommandId, commandRow, ReadFailed, RecordedMachine, type Recording, writePlist } from '../../machine/index.js';
import type { ProbeContext } from '../../probes/index.js';
import { ActionCap } from '../cap.js';
import type { FixTools } from '../fix.js';
import { Configurator } from './configurator.js';
import { phoneInBoot } from './phone-in-boot.js';
import { errorWord } from './write-firmware.js';

const UDID = '00008110-0011223344556677';
const OWN = '0011223344556677';
const OLD_UDID = 'a'.repeat(40);
const OTHER = '00AABBCCDDEEFF01';

/** What a fix of this room uses, on a recorded computer. */
function toolsOn(recording: Recording): { tools: FixTools; machine: RecordedMachine } {
  const machine = new RecordedMachine({
    restMissing: true,
    openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    ...recording,
  });
  const ctx: ProbeContext = {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: '0.1.0',
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => {
      throw new Error(`${probe} died`, { cause: error });
    },
  };
  const tools = { ctx, cap: new ActionCap('/nowhere', () => 0), signal: new AbortController().signal } as FixTools;
  return { tools, machine };
}

/** Phones in recovery (or another mode) on the bus of a Linux computer, by ECID. */
function bus(...phones: [ecid: string, product?: string][]): Recording['sysfs'] {
  const entries: NonNullable<Recording['sysfs']> = {};
  phones.forEach(([ecid, idProduct = '1281'], n) => {
    const serial = `CPID:8110 CPRV:11 CPFM:03 SCEP:01 BDID:0C ECID:${ecid} IBFL:3C SRNM:[F2L]`;
    const files = { idVendor: '05ac', idProduct, serial, speed: '480', devpath: `${n + 1}`, devnum: `${n + 7}`, bcdDevice: '0000' };
    for (const [file, value] of Object.entries(files)) entries[`bus/usb/devices/1-${n + 1}/${file}`] = value;
  });
  return entries;
}

describe('the phone that an order names', () => {
  const find = async (sysfs: Recording['sysfs'], udid: string | null, mayLose: boolean, clearance?: Partial<Clearance>) => {
    const { tools } = toolsOn({ os: 'linux', ...(sysfs ? { sysfs } : {}) });
    const order = { fix: 'F45' as const, udid, clearance: clearance && { approvedBy: [], ...clearance } };
    const found = await phoneInBoot(order, tools, mayLose);
    return found.there ? [found.ecid, found.mode] : found.word;
  };

  it.each<[string, Recording['sysfs'], string | null, boolean, Partial<Clearance> | undefined, unknown]>([
    ['is known by the second half of its UDID', bus([OTHER], [OWN]), UDID, true, undefined, [OWN, 'recovery']],
    ['in DFU too', bus([OWN, '1227']), UDID, true, undefined, [OWN, 'dfu']],
    ['and by what a second person confirmed', bus([OWN]), UDID, true, { ecid: OWN }, [OWN, 'recovery']],
    ['not when that is another one', bus([OWN]), UDID, true, { ecid: OTHER }, 'wrong-ecid'],
    ['not when another one hangs there', bus([OTHER]), UDID, false, undefined, 'wrong-ecid'],
    ['not when none does', bus(['', '12a8']), UDID, true, undefined, 'not-in-recovery'],
    ['an older one is the confirmed one', bus([OTHER], [OWN]), OLD_UDID, true, { ecid: OWN }, [OWN, 'recovery']],
    ['an older one is never guessed where something may be lost', bus([OWN]), OLD_UDID, true, undefined, 'ecid-not-confirmed'],
    ['else it is the only one', bus([OWN]), OLD_UDID, false, undefined, [OWN, 'recovery']],
    ['and of several none', bus([OWN], [OTHER]), OLD_UDID, false, undefined, 'which-phone'],
    ['nor is it when none hangs there', {}, OLD_UDID, false, undefined, 'bus-unreadable'],
    ['an order without a phone names none', bus([OWN]), null, false, undefined, 'no-phone-named'],
  ])('%s', async (_name, sysfs, udid, mayLose, clearance, expected) => {
    expect(await find(sysfs, udid, mayLose, clearance)).toEqual(expected);
  });
});

const console = (uid: number | null) =>
  Buffer.from(
    writePlist({
      IOKitBuildVersion: 'Darwin Kernel Version 25.1.0',
      IOConsoleUsers: uid === null ? [] : [{ kCGSSessionUserIDKey: uid, kCGSSessionOnConsoleKey: true, kCGSessionLoginDoneKey: true }],
    }),
  ).toString('utf8');
const STAT = { kind: 'file' as const, bytes: 1, mode: 0o600, uid: 501, gid: 20, modifiedAt: 0 };
const PROCESSES = { stdout: '    1     0 Ss   0.0 01:02:03 /sbin/launchd\n' };
const DONE = { stdout: '{"Command":"x","Output":{"Errors":{}},"Type":"CommandOutput","Devices":["0x11223344556677"]}\n', exit: 1 };

describe('Configurator', () => {
  const mac = (more: Partial<Recording> = {}) =>
    toolsOn({
      os: 'macos',
      files: { 'mac-configurator-tool': STAT, 'mac-organisation-key': STAT, ...more.files },
      commands: { 'ioreg-root': { stdout: console(501) }, 'process-list': PROCESSES, ...more.commands },
      ...(more.identity ? { identity: more.identity } : {}),
    });

  it.each<[string, Partial<Recording>, string]>([
    ['it is not installed', { files: { 'mac-configurator-tool': new ReadFailed('missing', 'x') } }, 'no-configurator'],
    ['nobody may look', { files: { 'mac-configurator-tool': new ReadFailed('denied', 'x') } }, 'configurator-unreadable'],
    ['the agent is not root', { identity: { privileged: false } }, 'not-privileged'],
    ['nobody is signed in', { commands: { 'ioreg-root': { stdout: console(null) } } }, 'nobody-in-front'],
    ['who is cannot be read', { commands: { 'ioreg-root': { failure: 'timeout', exit: null } } }, 'session-unreadable'],
    [
      'it is open itself',
      {
        commands: {
          'process-list': { stdout: '  900   501 S    0.0 01:02 /Applications/Apple Configurator.app/Contents/MacOS/Apple Configurator\n' },
        },
      },
      'configurator-open',
    ],
  ])('is not used when %s', async (_name, more, word) => {
    expect(await Configurator.find(mac(more).tools)).toEqual({ there: false, word });
  });

  it.each(['get', 'pair', 'unpair', 'restart', 'update', 'revive', 'restore'] as const)(
    '%s is one fixed command for one phone',
    async (what) => {
      const command: CommandId = `cfgutil-${what}`;
      const given: unknown[] = [];
      const { tools, machine } = mac({
        commands: {
          [command]: (params: unknown) => {
            given.push(params);
            return DONE;
          },
        },
      });
      const found = await Configurator.find(tools);
      if (!found.there) throw new Error(found.word);
      expect(await found.configurator.tell(what, OWN)).toMatchObject({ ended: 'done' });
      expect([machine.started.at(-1), given]).toEqual([command, [{ uid: '501', ecid: `0x${OWN}` }]]);
      const row = commandRow(command);
      expect([row.effect, row.outlives ?? false]).toEqual([
        what === 'get' ? 'reads' : 'acts',
        ['update', 'revive', 'restore'].includes(what),
      ]);
      // The organisation's key is named where it is needed and nowhere else.
      expect(row.args.includes('-K')).toBe(what === 'restart');
    },
  );

  it('has the organisation’s identity only where its owner alone may read it', async () => {
    const has = async (key: typeof STAT | (Omit<typeof STAT, 'kind'> & { kind: 'link' }) | ReadFailed) => {
      const found = await Configurator.find(mac({ files: { 'mac-configurator-tool': STAT, 'mac-organisation-key': key } }).tools);
      return found.there && (await found.configurator.hasIdentity());
    };
    expect(
      await Promise.all([has(STAT), has({ ...STAT, mode: 0o644 }), has({ ...STAT, kind: 'link' }), has(new ReadFailed('missing', 'x'))]),
    ).toEqual([true, false, false, false]);
  });
});

it.each([
  [9, 'error-9-phone-lost'],
  [14, 'error-14-bad-firmware-file'],
  [3194, 'error-3194-signing-server'],
  [4013, 'error-4013-phone-lost'],
  [4014, 'error-4014-phone-lost'],
  [2005, 'error-2005-usb-transfer'],
  [1671, 'error-1671'],
  [null, 'restore-failed'],
])('a restore that ended with %s is told as %s', (code, word) => {
  expect(errorWord(code)).toBe(word);
});
