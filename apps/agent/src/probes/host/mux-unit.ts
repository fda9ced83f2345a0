import { type Machine, ReadFailed, readService, type Service } from '../../machine/index.js';

/** systemd itself is asked at least this often, ms. */
const ASK_MS = 60_000;

interface Kept {
  service: Service;
  /** performance.now() at the answer. */
  at: number;
}

/** The last answer of each computer's systemd. */
const kept = new WeakMap<Machine, Kept>();

/**
 * What systemd says of usbmuxd's unit. Starting systemctl takes more than all else of a look, so for a minute its answer holds as long as
 * the process that it named still belongs to the unit, by the kernel's own list; and so long is nobody asked again on a computer without
 * a systemd that runs. Every other answer is asked for anew.
 */
export async function muxUnit(machine: Machine, signal: AbortSignal): Promise<Service> {
  const last = kept.get(machine);
  if (last && performance.now() - last.at < ASK_MS && (await stillSo(machine, last.service))) return last.service;
  const at = performance.now();
  const service = readService(await machine.run('usbmuxd-show', signal));
  kept.set(machine, { service, at });
  return service;
}

async function stillSo(machine: Machine, service: Service): Promise<boolean> {
  if (!service.known) return service.reason === 'unreachable' || service.reason === 'missing-tool';
  if (service.state !== 'running' || service.pid === null) return false;
  try {
    return (await machine.readFile('mux-processes')).split('\n').includes(String(service.pid));
  } catch (e) {
    if (e instanceof ReadFailed) return false;
    throw e;
  }
}
