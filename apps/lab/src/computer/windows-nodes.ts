import type { OnBus } from '../daemon/index.js';
import type { BusEvent, ComputerView, DriverState } from './condition.js';

const hex4 = (n: number) => n.toString(16).toUpperCase().padStart(4, '0');
const hub = (location: string) => location.slice(0, Math.max(location.lastIndexOf('.'), 0));

/** What Windows calls a device on the bus. Blanks in a serial number become underscores. */
export function instanceId(of: { idVendor: number; idProduct: number; serial: string; location: string }): string {
  const tail = of.serial === '' ? `5&2A3B4C5D&0&${of.location.replace(/\D/g, '')}` : of.serial.replaceAll(' ', '_');
  return `USB\\VID_${hex4(of.idVendor)}&PID_${hex4(of.idProduct)}\\${tail}`;
}

/** The way from the processor to a port: `1-2.3` hangs at port 3 of what hangs at port 2. */
export function places(location: string): string[] {
  const way = (location.split('-')[1] ?? '1').split('.');
  return [
    `PCIROOT(0)#PCI(1400)#USBROOT(0)${way.map((p) => `#USB(${p})`).join('')}`,
    `ACPI(_SB_)#ACPI(PC00)#ACPI(XHCI)#ACPI(RHUB)#ACPI(HS0${way[0]})`,
  ];
}

const ROOT_HUB = 'USB\\ROOT_HUB30\\4&1A2B3C4D&0&0';
const HUB = 'USB\\VID_05E3&PID_0608\\5&3C4D5E6F&0&2';

interface Bound {
  code: number;
  service: string | null;
  inf: string | null;
  version: string | null;
  provider: string | null;
}

const NOTHING: Bound = { code: 28, service: null, inf: null, version: null, provider: null };
const APPLES: Bound = { code: 0, service: 'WINUSB', inf: 'oem21.inf', version: '538.0.0.0', provider: 'Apple, Inc.' };

/** What is bound to the multiplexer's interface; problem codes are Device Manager's. */
const MUX: Record<DriverState, Bound> = {
  fine: APPLES,
  missing: NOTHING,
  broken: { ...APPLES, code: 10 },
  disabled: { ...APPLES, code: 22 },
  // Zadig replaces the driver of a chosen interface.
  foreign: { code: 0, service: 'libusbK', inf: 'oem44.inf', version: '3.1.0.0', provider: 'libusbK' },
  'wants-restart': { ...APPLES, code: 14 },
};

/** What a virtual machine binds to the whole device while it has it. */
const TAKEN: Bound = { code: 0, service: 'VBoxUSB', inf: 'oem50.inf', version: '7.1.4.0', provider: 'Oracle Corporation' };

/** Nodes of everything of Apple's on the bus, and of what never became a device. */
export function nodes(view: ComputerView): object[] {
  return [...view.phones.flatMap((p) => nodesOf(p, view)), ...failedNodes(view)];
}

function nodesOf(phone: OnBus, { condition }: ComputerView): object[] {
  const { device } = phone;
  const id = instanceId(device);
  const behindHub = hub(device.location) !== '';
  const base = {
    places: places(device.location),
    arrived: new Date(phone.since).toISOString(),
    parent: behindHub ? HUB : ROOT_HUB,
    above: behindHub ? [HUB] : [],
    hardware: [`USB\\VID_05AC&PID_${hex4(device.idProduct)}&REV_${hex4(device.bcdDevice)}`, `USB\\VID_05AC&PID_${hex4(device.idProduct)}`],
  };
  const compatible = ['USB\\COMPOSITE'];
  if (phone.udid === null) return [{ ...base, id, ...APPLES, service: 'WINUSB', compatible: ['USB\\Class_FE&SubClass_01&Prot_02'] }];
  if (condition.takenBy !== null) return [{ ...base, id, ...TAKEN, compatible }];
  const apple = condition.windows.stack !== 'none';
  const parent = {
    code: 0,
    service: 'usbccgp',
    inf: apple ? 'oem20.inf' : 'usb.inf',
    version: '538.0.0.0',
    provider: apple ? 'Apple, Inc.' : 'Microsoft',
  };
  // What is disabled has no interfaces.
  if (condition.windows.deviceOff) return [{ ...base, ...parent, code: 22, id, compatible }];
  const child = (mi: number, bound: Bound, compatible: string) => ({
    ...base,
    ...bound,
    id: `USB\\VID_05AC&PID_${hex4(device.idProduct)}&MI_0${mi}\\7&1A2B3C4D&0&000${mi}`,
    parent: id,
    above: [id, ...base.above],
    hardware: [`USB\\VID_05AC&PID_${hex4(device.idProduct)}&REV_${hex4(device.bcdDevice)}&MI_0${mi}`],
    compatible: [compatible],
  });
  return [
    { ...base, ...parent, id, compatible },
    child(
      0,
      { code: 0, service: 'WUDFWpdMtp', inf: 'wpdmtp.inf', version: '10.0.26100.1', provider: 'Microsoft' },
      'USB\\Class_06&SubClass_01&Prot_01',
    ),
    child(1, condition.windows.driver === 'fine' && !apple ? NOTHING : MUX[condition.windows.driver], 'USB\\Class_FF&SubClass_FE&Prot_02'),
  ];
}

/** Where things were plugged in that never became a device: vendor 0000, product 0002 for a device descriptor that failed (usb.inf). */
function failing(events: readonly BusEvent[]): { id: string; location: string; at: number }[] {
  const last = new Map<string, number>();
  for (const e of events) if (e.what === 'failed') last.set(e.location, e.at);
  return [...last].map(([location, at]) => ({ id: instanceId({ idVendor: 0, idProduct: 2, serial: '', location }), location, at }));
}

function failedNodes({ busLog }: ComputerView): object[] {
  return failing(busLog).map(({ id, location, at }) => ({
    id,
    code: 43,
    service: null,
    inf: 'usb.inf',
    version: '10.0.26100.1',
    provider: 'Microsoft',
    places: places(location),
    arrived: new Date(at).toISOString(),
    parent: ROOT_HUB,
    above: [],
    hardware: ['USB\\DEVICE_DESCRIPTOR_FAILURE'],
    compatible: [],
  }));
}

/** The last arrival and removal of every node of Apple's and of everything that failed. */
export function marks({ phones, busLog }: ComputerView): object[] {
  const known = new Map<string, { location: string; arrived: number | null; removed: number | null }>();
  for (const p of phones) known.set(instanceId(p.device), { location: p.device.location, arrived: p.since, removed: null });
  for (const e of busLog) {
    if (e.what === 'failed') continue;
    const id = instanceId(e);
    const mark = known.get(id) ?? { location: e.location, arrived: null, removed: null };
    if (e.what === 'came') mark.arrived = Math.max(mark.arrived ?? 0, e.at);
    else mark.removed = Math.max(mark.removed ?? 0, e.at);
    known.set(id, mark);
  }
  const here = new Set(phones.map((p) => instanceId(p.device)));
  const date = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return [
    ...[...known].map(([id, m]) => ({
      id,
      present: here.has(id),
      arrived: date(m.arrived),
      removed: date(m.removed),
      parent: ROOT_HUB,
      places: places(m.location),
    })),
    ...failing(busLog).map((f) => ({
      id: f.id,
      present: true,
      arrived: date(f.at),
      removed: null,
      parent: ROOT_HUB,
      places: places(f.location),
    })),
  ];
}

/** Event 1010 of Kernel-PnP for each removal that nobody asked for, newest first. */
export function removals({ busLog }: ComputerView): object[] {
  return busLog
    .flatMap((e) =>
      e.what === 'went' ? [{ id: 1010, source: 'Microsoft-Windows-Kernel-PnP', at: new Date(e.at).toISOString(), of: instanceId(e) }] : [],
    )
    .reverse();
}

/** Event 411 of Kernel-PnP for what could not be started. */
export function problems({ busLog }: ComputerView): object[] {
  return busLog
    .flatMap((e) =>
      e.what === 'failed'
        ? [
            {
              id: 411,
              source: 'Microsoft-Windows-Kernel-PnP',
              at: new Date(e.at).toISOString(),
              of: instanceId({ idVendor: 0, idProduct: 2, serial: '', location: e.location }),
            },
          ]
        : [],
    )
    .reverse();
}
