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

/** The lab's tree holds the USB devices; power management and the network interface are the simulated computer's own. */
export function sysfsOf(os: Os, usb: Sysfs | null, now: () => { condition: HostCondition; route: LinuxRoute }): Sysfs {
  if (os !== 'linux' || usb === null) return NONE;
  return {
    list: (path) => usb.list(path),
    readText: async (path) => {
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
