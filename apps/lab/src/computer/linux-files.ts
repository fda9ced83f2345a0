import { type DiskSpace, type FileId, type FileStat, ReadFailed } from '@lockstep/agent/machine';
import type { ComputerView } from './condition.js';
import { USBMUX_UID } from './linux-answers.js';

/** The interface that carries a computer's default route, and which USB device that is. */
export interface LinuxRoute {
  name: string;
  device: string;
}

const HEAD = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';

/** The tunnel of a company's VPN client. */
export const LINUX_TUNNEL = 'tun0';

/** What stands in a file of a Debian desktop; undefined for a file that this simulation does not know. Throws ReadFailed. */
export function linuxFile(id: FileId, view: ComputerView, route: LinuxRoute): string | FileStat | DiskSpace | undefined {
  const { condition } = view;
  switch (id) {
    case 'os-release':
      return `PRETTY_NAME="${view.osVersion}"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n`;
    case 'routes-4':
      return HEAD + routes(view, route);
    case 'mux-processes':
      // The folder of a unit goes with its last process.
      if (view.muxPid === null) throw new ReadFailed('missing', id);
      return `${view.muxPid}\n`;
    case 'routes-6':
      return '';
    case 'kernel-release':
      return '6.1.0-18-amd64\n';
    case 'mounts':
      return condition.recordsWritable
        ? '/dev/sda1 / ext4 rw,relatime 0 0\n'
        : '/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sda2 /var ext4 ro,noatime 0 0\n';
    case 'accounts':
      return `root:x:0:0:root:/root:/bin/bash\nusbmux:x:${USBMUX_UID}:46::/var/lib/usbmux:/usr/sbin/nologin\n`;
    case 'restart-hook':
      return stat(512, 0, 0);
    case 'restart-note':
      if (condition.restart === null) throw new ReadFailed('missing', id);
      return stat(0, 0, condition.restart.since);
    case 'restart-packages':
      if (condition.restart === null) throw new ReadFailed('missing', id);
      return condition.restart.reasons.map((r) => (r === 'kernel' ? 'linux-image-6.1.0-29-amd64\n' : 'libc6\n')).join('');
    default:
      return undefined;
  }
}

function stat(bytes: number, uid: number, modifiedAt: number): FileStat {
  return { kind: 'file', bytes, mode: 0o755, uid, gid: uid, modifiedAt };
}

function routes({ condition }: ComputerView, route: LinuxRoute): string {
  const line = (name: string, metric: number) => `${name}\t00000000\t0100A8C0\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;
  if (condition.tunnel === null) return line(route.name, 100);
  return line(LINUX_TUNNEL, 50) + (condition.tunnel.only ? '' : line(route.name, 100));
}
