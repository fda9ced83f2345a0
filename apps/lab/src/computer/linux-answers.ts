import type { CommandId, Params, Ran } from '@lockstep/agent/machine';
import { firewallSays } from './acts/index.js';
import type { BusEvent, ComputerView } from './condition.js';

/** The account that Debian makes for usbmuxd. */
export const USBMUX_UID = 110;
/** systemd-logind's ids of the person in front and of those behind. */
const FRONT_SESSION = '2';
const sessionBehind = (n: number) => String(4 + 2 * n);

const MISSING: Partial<Ran> = { exit: null, failure: 'missing-tool' };
const lines = (...l: string[]): Partial<Ran> => ({ stdout: l.map((line) => `${line}\n`).join('') });

/**
 * What the tools of a Debian desktop answer. Null: a command that this simulation does not know, which ends the test by name. The service
 * manager's commands are answered elsewhere: they follow the simulated daemon.
 */
export function linuxAnswer(id: CommandId, params: Params, view: ComputerView): Partial<Ran> | null {
  const { condition } = view;
  switch (id) {
    case 'journal-kernel':
      return { stdout: journal([...kernelLines(view.busLog.filter((e) => e.at > view.now - 1_800_000))]) };
    case 'journal-usbmuxd':
      return { stdout: journal(muxLines(view)) };
    case 'journal-resume':
      return { stdout: '' };
    case 'journal-any':
      return { stdout: journal([{ at: view.startedAt, message: 'Linux version 6.1.0-18-amd64' }]) };
    case 'seat-show':
      return seat(view);
    case 'session-show':
      return session(params.session ?? '', view);
    case 'timesync-show':
      return lines(timesyncAt(view.now, condition.clockAheadS));
    case 'process-names':
      return processes(view);
    case 'dpkg-versions':
      return lines('libimobiledevice6\t1.3.0-6+b3\tinstalled', 'usbmuxd\t1.1.1-2+deb12u1\tinstalled');
    case 'avahi-show':
      return unit(condition.responder);
    case 'nft-rules':
      return {
        stdout: `${JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6', json_schema_version: 1 } }, ...rules(condition)] })}\n`,
      };
    case 'usbguard-blocked':
      return condition.keepsPhonesOut
        ? lines(
            ...view.phones.map(
              (p) => `${p.devnum}: block id 05ac:${p.device.idProduct.toString(16)} serial "${p.device.serial}" name "iPhone"`,
            ),
          )
        : MISSING;
    // Of other distributions, or not installed on this one.
    case 'chrony-tracking':
    case 'needs-restarting':
    case 'rpm-versions':
    case 'pacman-versions':
    case 'usbmuxd-version':
    case 'iptables-input':
      return MISSING;
    default:
      return firewallSays(id, condition);
  }
}

/** Entries as `journalctl -o json` prints them. */
function journal(entries: readonly { at: number; message: string }[]): string {
  return entries.map((e) => `${JSON.stringify({ __REALTIME_TIMESTAMP: String(e.at * 1_000), MESSAGE: e.message })}\n`).join('');
}

/** The kernel's words for what happens on the bus (drivers/usb/core/hub.c). */
function* kernelLines(events: readonly BusEvent[]): Generator<{ at: number; message: string }> {
  for (const e of events) {
    if (e.what === 'failed') {
      const port = e.location.replace(/^(\d+)-(\d+)$/, 'usb$1-port$2');
      yield { at: e.at, message: `usb ${e.location}: new full-speed USB device number 19 using xhci_hcd` };
      yield { at: e.at, message: `usb ${e.location}: device descriptor read/64, error -71` };
      yield { at: e.at + 1_000, message: `usb ${port}: unable to enumerate USB device` };
      continue;
    }
    if (e.what === 'went') {
      yield { at: e.at, message: `usb ${e.location}: USB disconnect, device number ${e.devnum}` };
      continue;
    }
    const hex4 = (n: number) => n.toString(16).padStart(4, '0');
    const say = (text: string) => ({ at: e.at, message: `usb ${e.location}: ${text}` });
    yield say(`new high-speed USB device number ${e.devnum} using xhci_hcd`);
    yield say(`New USB device found, idVendor=${hex4(e.idVendor)}, idProduct=${hex4(e.idProduct)}, bcdDevice=14.05`);
    yield say('New USB device strings: Mfr=1, Product=2, SerialNumber=3');
    yield say(`Product: ${e.product}`);
    if (e.serial !== '') yield say(`SerialNumber: ${e.serial}`);
  }
}

/** What the daemon wrote, and that somebody else had the interface (usbmuxd usb.c). */
function muxLines(view: ComputerView): { at: number; message: string }[] {
  const own = view.muxLog.map(({ at, text }) => ({ at, message: text.replace(/^\[([A-Z]+)\]/, '[09:00:00.000][$1]') }));
  if (view.condition.takenBy === null) return own;
  const taken = view.phones.map((p) => ({
    at: p.since + 500,
    message: `[09:00:00.500][1] Could not claim interface 1 for device ${p.device.location.split('-')[0]}-${p.devnum}: LIBUSB_ERROR_BUSY`,
  }));
  return [...own, ...taken];
}

function seat({ condition }: ComputerView): Partial<Ran> {
  const behind = Array.from({ length: condition.otherPeople }, (_, n) => sessionBehind(n));
  const all = condition.person === 'none' ? behind : [FRONT_SESSION, ...behind];
  return lines(`ActiveSession=${condition.person === 'none' ? '' : FRONT_SESSION}`, `Sessions=${all.join(' ')}`);
}

function session(id: string, { condition }: ComputerView): Partial<Ran> {
  const known =
    (id === FRONT_SESSION && condition.person !== 'none') ||
    Array.from({ length: condition.otherPeople }, (_, n) => sessionBehind(n)).includes(id);
  if (!known) return { exit: 1, stderr: `Failed to get session path: No session '${id}' known\n` };
  const locked = id !== FRONT_SESSION || condition.person === 'locked';
  return lines('Type=wayland', 'Class=user', 'Remote=no', `LockedHint=${locked ? 'yes' : 'no'}`);
}

/** timesyncd's last answer: sent and back by this clock, received and answered by the server's. */
function timesyncAt(now: number, aheadS: number): string {
  const at = (ms: number) => `Tue ${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const server = now - aheadS * 1_000;
  const times = [
    ['Originate', now],
    ['Receive', server],
    ['Transmit', server],
    ['Destination', now],
  ] as const;
  const told = times.map(([t, ms]) => `${t}Timestamp=${at(ms)}`).join(', ');
  return `NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, Precision=-24, ${told}, Ignored=no PacketCount=5, Jitter=1ms }`;
}

/** Number, owner, state and the first fifteen letters of each name, as the kernel keeps them. */
function processes({ condition, muxPid }: ComputerView): Partial<Ran> {
  return lines(
    '    1     0 S systemd',
    '  901  1000 S gnome-shell',
    ...(muxPid === null ? [] : [`${muxPid} ${USBMUX_UID} S usbmuxd`]),
    ...condition.programs.map((p, n) => `${2_000 + n}  1000 ${p.held ? 'T' : 'S'} ${p.name.slice(0, 15)}`),
  );
}

function unit(responder: ComputerView['condition']['responder']): Partial<Ran> {
  if (responder === 'missing')
    return lines(
      'LoadState=not-found',
      'ActiveState=inactive',
      'SubState=dead',
      'UnitFileState=',
      'MainPID=0',
      'NRestarts=0',
      'Result=success',
    );
  const [active, sub, pid] = responder === 'running' ? ['active', 'running', 640] : ['inactive', 'dead', 0];
  return lines(
    `LoadState=${responder === 'disabled' ? 'masked' : 'loaded'}`,
    `ActiveState=${active}`,
    `SubState=${sub}`,
    `UnitFileState=${responder === 'disabled' ? 'masked' : 'enabled'}`,
    `MainPID=${pid}`,
    'NRestarts=0',
    'Result=success',
  );
}

/** A chain at the input hook, as libnftables prints it; none on a computer without a packet filter. */
function rules({ firewall, namesLetIn }: ComputerView['condition']): object[] {
  if (firewall === 'open' || firewall === 'public') return [];
  const at = { family: 'inet', table: 'filter' };
  const rule = (handle: number, ...expr: object[]) => ({ rule: { ...at, chain: 'input', handle, expr } });
  const udp = { match: { op: '==', left: { payload: { protocol: 'udp', field: 'dport' } }, right: 5353 } };
  return [
    { table: { family: 'inet', name: 'filter', handle: 1 } },
    {
      chain: {
        ...at,
        name: 'input',
        handle: 1,
        type: 'filter',
        hook: 'input',
        prio: 0,
        policy: firewall === 'blocks-all' ? 'drop' : 'accept',
      },
    },
    ...(namesLetIn ? [rule(3, udp, { accept: null })] : []),
    ...(firewall === 'blocks-names' ? [rule(4, udp, { drop: null })] : []),
  ];
}
