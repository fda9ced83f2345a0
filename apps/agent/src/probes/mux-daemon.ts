import type { FailReason, Reading } from '@lockstep/core/health';
import { DeviceError, MuxClient } from '../device/index.js';
import { type Machine, type Os, readService, type Service, unscriptedIn } from '../machine/index.js';
import { draft, type HostProbe } from './probe.js';

type Socket = NonNullable<Reading<'mux-daemon'>['socket']>;

/** What the service manager says, by system. Where none is asked, the socket alone speaks. */
const SERVICE: Record<Os, (machine: Machine, signal: AbortSignal) => Promise<Service>> = {
  linux: async (machine, signal) => readService(await machine.run('usbmuxd-show', signal)),
  macos: async () => ({ known: false, reason: 'unsupported' }),
  windows: async () => ({ known: false, reason: 'unsupported' }),
};

/** The multiplexer: is its service up, and does its socket answer? Both are asked at once. */
export const muxDaemon: HostProbe = {
  id: 'mux-daemon',
  kinds: ['mux-daemon'],
  // Connecting 2 s and an answer 5 s (libusbmuxd waits as long), or 5 s for systemctl.
  deadlineMs: 8_000,
  cadenceMs: 10_000,
  async ask({ machine }, signal) {
    const [service, socket] = await Promise.all([SERVICE[machine.os](machine, signal), askSocket(machine, signal)]);
    if ('reason' in socket) return [draft.failed('mux-daemon', 'host', socket.reason)];
    // Neither a unit nor anybody on the socket: it is not installed.
    const nobody = socket.answer === 'missing' || socket.answer === 'refused';
    if (!service.known && service.reason === null && nobody) return [draft.absent('mux-daemon', 'host')];
    const { state, pid, restarts } = service.known ? service : { state: null, pid: null, restarts: null };
    return [
      {
        kind: 'mux-daemon',
        subject: 'host',
        state: 'seen',
        reading: { state, pid, restarts, socket: socket.answer, latencyMs: socket.latencyMs },
      },
    ];
  },
};

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
