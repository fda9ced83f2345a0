import {
  isHeld,
  type Machine,
  parseResponderJob,
  readDeviceLog,
  readJob,
  readMacProcesses,
  readUnifiedLog,
} from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';
import { crashes24h, failedForAll } from './person.js';

/** launchd's word on usbmuxd, whether a tool holds it stopped, and how often it crashed. */
export async function muxReport(machine: Machine, signal: AbortSignal) {
  const [service, list, crashes] = await Promise.all([
    machine.run('launchctl-usbmuxd', signal).then(readJob),
    machine.run('process-list', signal).then(readMacProcesses),
    crashes24h(machine, 'mac-crashes', 'usbmuxd'),
  ]);
  const daemon = list.read ? list.processes.find((p) => p.name === 'usbmuxd') : undefined;
  return {
    service,
    flavour: 'launchd' as const,
    suspended: list.read ? daemon !== undefined && isHeld(daemon) : null,
    crashes24h: crashes,
  };
}

/** What the log tells about each phone. */
export const muxHistoryRow: Row = {
  asks: ['log-devices'],
  privilege: 'admin',
  async ask({ machine, phones }, signal) {
    const log = readUnifiedLog(await machine.run('log-devices', signal));
    if (!log.read) return failedForAll('mux-history', phones, log.reason);
    const { phones: told } = readDeviceLog(log.entries);
    return phones.map((udid) => {
      const history = told.get(udid);
      return history ? draft.seen('mux-history', { udid }, history) : draft.absent('mux-history', { udid });
    });
  },
};

/** The responder's job. */
export async function macResponder(machine: Machine, signal: AbortSignal) {
  const [fact] = parseResponderJob(await machine.run('launchctl-responder', signal));
  return fact ?? draft.failed('mdns-responder', 'host', 'garbage');
}
