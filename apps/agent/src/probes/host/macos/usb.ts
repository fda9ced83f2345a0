import { churnAt, parsePorts, readPorts, readPowerTimes, readUnifiedLog, truth, usbEventsOf } from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';
import { readMacBus } from './bus.js';
import { failedForAll, settingsOf } from './person.js';

/** Failures and churn out of the kernel's log. */
export const usbLogRow: Row = {
  asks: ['log-usb', 'sysctl-times', 'ioreg-usb', 'profiler-usb', 'profiler-usb-legacy'],
  privilege: 'admin',
  async ask({ machine, phones }, signal) {
    const [ran, times] = await Promise.all([machine.run('log-usb', signal), machine.run('sysctl-times', signal).then(readPowerTimes)]);
    const log = readUnifiedLog(ran);
    if (!log.read) return [draft.failed('usb-failures', 'host', log.reason), ...failedForAll('usb-churn', phones, log.reason)];
    const events = usbEventsOf(log.entries, times.read ? times.wokeAt : null);
    const failures = draft.seen('usb-failures', 'host', events.failures);
    const [only] = phones;
    if (only !== undefined && phones.length === 1)
      return [failures, draft.seen('usb-churn', { udid: only }, churnAt(events, { only: true }))];
    const bus = await readMacBus(machine, signal);
    const places = new Map(bus.read ? bus.devices.flatMap((d) => (d.udid === null ? [] : [[d.udid, Number(d.location)] as const])) : []);
    return [
      failures,
      ...phones.map((udid) => {
        const location = places.get(udid);
        // A phone that hangs nowhere now: which of the places in the log was its own nobody can tell.
        if (location === undefined) return draft.failed('usb-churn', { udid }, bus.read ? 'unsupported' : bus.reason);
        return draft.seen('usb-churn', { udid }, churnAt(events, { location }));
      }),
    ];
  },
};

/** Sockets. */
export const usbPortsRow: Row = {
  asks: ['ioreg-ports'],
  privilege: 'user',
  ask: async ({ machine }, signal) => parsePorts(await machine.run('ioreg-ports', signal)),
};

/**
 * "Allow accessories to connect". The controllers tell it where something is connected; a profile that turns the restriction off
 * (`allowUSBRestrictedMode` false, Apple's device management schema) means "always". Macs without such controllers have no such setting.
 */
export const accessoryPolicyRow: Row = {
  asks: ['ioreg-ports', 'mac-managed-restrictions'],
  privilege: 'user',
  async ask({ machine }, signal) {
    const [ports, profile] = await Promise.all([
      machine.run('ioreg-ports', signal).then(readPorts),
      settingsOf(machine, 'mac-managed-restrictions'),
    ]);
    if (!ports.read) return [draft.failed('accessory-policy', 'host', ports.reason)];
    if (ports.ports.length === 0) return [draft.absent('accessory-policy', 'host')];
    const rule = profile.read ? truth(profile.values.allowUSBRestrictedMode) : null;
    const managed = profile.read ? rule !== null : profile.reason === 'missing' ? false : null;
    return [draft.seen('accessory-policy', 'host', { policy: rule === false ? 'always' : ports.policy, managed })];
  },
};
