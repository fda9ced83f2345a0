import { type Bus, type Machine, readProfiler, readProfilerLegacy, readUsbRegistry } from '../../../machine/index.js';

/**
 * The registry is right on every version. Where it gives nothing, System Information is asked: both its questions, since macOS 26 answers the
 * old one with an empty list. That nothing hangs on the bus is believed only of an answer that shows the bus.
 */
export async function readMacBus(machine: Machine, signal: AbortSignal): Promise<Bus> {
  const registry = readUsbRegistry(await machine.run('ioreg-usb', signal));
  if (registry.read || registry.reason === 'too-large' || registry.reason === 'aborted') return registry;
  const [now, before] = await Promise.all([
    machine.run('profiler-usb', signal).then(readProfiler),
    machine.run('profiler-usb-legacy', signal).then(readProfilerLegacy),
  ]);
  if (now.read) return now;
  return before.read ? before : registry;
}
