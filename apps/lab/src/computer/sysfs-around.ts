import { type Os, ReadFailed, type Sysfs } from '@lockstep/agent/machine';
import type { HostCondition } from './condition.js';
import type { LinuxRoute } from './linux-files.js';

/** Systems other than Linux have no such tree. */
const NONE: Sysfs = {
  list: async (path) => Promise.reject(new ReadFailed('unsupported', path)),
  readText: async (path) => Promise.reject(new ReadFailed('unsupported', path)),
  readLink: async (path) => Promise.reject(new ReadFailed('unsupported', path)),
};

/** Where a device's power is managed (kernel documentation, "Power Management for USB"). */
const POWER = /^bus\/usb\/devices\/[\d.-]+\/power\/(control|autosuspend_delay_ms)$/;

/** A laptop's mains supply and battery (Documentation/ABI/testing/sysfs-class-power). */
const supplies = (onBattery: boolean): Readonly<Record<string, string>> => ({
  'AC/type': 'Mains',
  'AC/online': onBattery ? '0' : '1',
  'BAT0/type': 'Battery',
  'BAT0/scope': 'System',
  'BAT0/status': onBattery ? 'Discharging' : 'Full',
});
const SUPPLY = /^class\/power_supply\/(.+)$/;

/** The lab's tree holds the USB devices; power management and the network interface are the simulated computer's own. */
export function sysfsOf(os: Os, usb: Sysfs | null, now: () => { condition: HostCondition; route: LinuxRoute }): Sysfs {
  if (os !== 'linux' || usb === null) return NONE;
  return {
    list: async (path) => (path === 'class/power_supply' ? ['AC', 'BAT0'] : await usb.list(path)),
    readText: async (path) => {
      const supply = SUPPLY.exec(path)?.[1];
      if (supply !== undefined) {
        const text = supplies(now().condition.onBattery)[supply];
        if (text === undefined) throw new ReadFailed('missing', path);
        return text;
      }
      const power = POWER.exec(path)?.[1];
      if (power === 'control') return now().condition.suspendsIdle ? 'auto' : 'on';
      if (power !== undefined) return '2000';
      return await usb.readText(path);
    },
    readLink: async (path) => {
      const { route } = now();
      return path === `class/net/${route.name}/device` ? route.device : await usb.readLink(path);
    },
  };
}
