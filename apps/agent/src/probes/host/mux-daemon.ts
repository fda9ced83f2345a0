import type { FailReason, Reading } from '@lockstep/core/health';
import { DeviceError, MuxClient } from '../../device/index.js';
import { type DraftFact, type Machine, type Service, unscriptedIn } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { muxReport } from './macos/index.js';
import { muxUnit } from './mux-unit.js';
import * as windows from './windows/index.js';

type Socket = NonNullable<Reading<'mux-daemon'>['socket']>;

/** What a system's service manager says, and whatever else it knows of the daemon. */
export type DaemonReport = { service: Service } & Pick<Reading<'mux-daemon'>, 'flavour' | 'suspended' | 'crashes24h'>;

/** The multiplexer: is its service up, and does its socket answer? Both are asked at once. */
export const muxDaemon: HostProbe = {
  id: 'mux-daemon',
  kinds: ['mux-daemon'],
  cost: 'moderate',
  // Connecting 2 s and an answer 5 s (libusbmuxd waits as long), or 5 s for systemctl.
  deadlineMs: 8_000,
  cadenceMs: 30_000,
  rows: {
    linux: {
      asks: ['usbmuxd-show', 'mux-processes', 'mux'],
      privilege: 'user',
      ask: (ctx, signal) =>
        daemonDrafts(ctx.machine, signal, async () => ({
          service: await muxUnit(ctx.machine, signal),
          flavour: 'systemd',
        })),
    },
    macos: {
      asks: ['launchctl-usbmuxd', 'process-list', 'mac-crashes', 'mux'],
      privilege: 'user',
      ask: (ctx, signal) => daemonDrafts(ctx.machine, signal, () => muxReport(ctx.machine, signal)),
    },
    windows: {
      asks: ['windows-now', 'mux'],
      privilege: 'user',
      deadlineMs: 27_000,
      ask: (ctx, signal) => daemonDrafts(ctx.machine, signal, () => windows.windowsDaemon(ctx.machine, signal)),
    },
  },
};

/** Asks the service manager and the socket at once, and makes one fact of both. */
export async function daemonDrafts(machine: Machine, signal: AbortSignal, manager: () => Promise<DaemonReport>): Promise<DraftFact[]> {
  const [{ service, ...more }, socket] = await Promise.all([manager(), askSocket(machine, signal)]);
  if ('reason' in socket) return [draft.failed('mux-daemon', 'host', socket.reason)];
  // Neither a unit nor anybody on the socket: it is not installed.
  const nobody = socket.answer === 'missing' || socket.answer === 'refused';
  if (!service.known && service.reason === null && nobody) return [draft.absent('mux-daemon', 'host')];
  const { state, pid, restarts } = service.known ? service : { state: null, pid: null, restarts: null };
  return [
    draft.seen('mux-daemon', 'host', {
      state,
      pid,
      restarts,
      socket: socket.answer,
      latencyMs: socket.latencyMs,
      ...(service.known ? more : {}),
    }),
  ];
}

type SocketAnswer = { answer: Socket; latencyMs: number | null } | { reason: FailReason };

/** Asks for the list on a connection of its own: who answers that serves phones. */
async function askSocket(machine: Machine, signal: AbortSignal): Promise<SocketAnswer> {
  const began = performance.now();
  const client = new MuxClient({ open: () => machine.openMux() });
  try {
    await client.listDevices({ signal });
    return { answer: 'answering', latencyMs: Math.round((performance.now() - began) * 10) / 10 };
  } catch (e) {
    if (!(e instanceof DeviceError)) throw e;
    if (unscriptedIn(e)) throw e;
    return readSocketFailure(e);
  }
}

/** A failure of the conversation as a reading of the socket; what says nothing about the socket stays a failure. */
function readSocketFailure(e: DeviceError): SocketAnswer {
  const reading = (answer: Socket): SocketAnswer => ({ answer, latencyMs: null });
  switch (e.kind) {
    case 'unreachable':
      return reading('missing');
    case 'refused':
    // It takes connections and hangs up at once: nobody who serves.
    case 'closed':
      return reading('refused');
    case 'denied':
      return reading('denied');
    case 'timeout':
      return reading('silent');
    case 'garbage':
    case 'too-large':
    case 'mux':
      return reading('garbage');
    case 'aborted':
      return { reason: 'aborted' };
    default:
      return { reason: 'io' };
  }
}
