import type { FailReason, Reading } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';

type ServiceState = Reading<'mux-daemon'>['state'];

/** What the service manager says of the multiplexer's unit. */
export type Service =
  | { known: true; state: NonNullable<ServiceState>; pid: number | null; restarts: number | null }
  /** The service manager answered: it has no such unit. */
  | { known: false; reason: null }
  | { known: false; reason: FailReason };

/** systemd's ActiveState words (systemd unit.h / org.freedesktop.systemd1) as this system's. */
const ACTIVE: Readonly<Record<string, NonNullable<ServiceState>>> = {
  active: 'running',
  refreshing: 'running',
  reloading: 'running',
  activating: 'starting',
  deactivating: 'stopped',
  inactive: 'stopped',
  maintenance: 'stopped',
  failed: 'failed',
};

const WANTED = new Set(['LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'MainPID', 'NRestarts', 'Result']);

/** Exit codes by which a shell says that the program is not there or may not be started (POSIX 2.8.2). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/**
 * Reads `systemctl show`. Unknown lines are passed over (later systemd versions and wrappers print more); the two keys that carry the
 * answer must be there. A property that is cut off in the middle of a number is not guessed.
 */
export function readService(ran: Ran): Service {
  const failed = (reason: FailReason): Service => ({ known: false, reason });
  if (ran.failure) return failed(ran.failure);
  if (ran.exit === NOT_FOUND) return failed('missing-tool');
  if (ran.exit === NOT_EXECUTABLE) return failed('denied');
  const properties = propertiesOf(ran.stdout);
  if (properties === null) return failed('garbage');
  const load = properties.get('LoadState');
  const active = properties.get('ActiveState');
  if (ran.exit !== 0) {
    // The C locale is forced, so systemd's own words can be matched where its exit code (1 for all) does not tell.
    if (/access denied|permission denied|not permitted|interactive authentication required/i.test(ran.stderr)) return failed('denied');
    if (/failed to connect|not been booted with systemd|host is down|no such file or directory/i.test(ran.stderr))
      return failed('unreachable');
    return failed('garbage');
  }
  if (load === undefined || active === undefined) return failed('garbage');
  if (load === 'not-found') return { known: false, reason: null };
  const running = Object.hasOwn(ACTIVE, active) ? ACTIVE[active] : undefined;
  if (running === undefined) return failed('garbage');
  const off = load === 'masked' || /^(masked|disabled)/.test(properties.get('UnitFileState') ?? '');
  const pid = count(properties.get('MainPID'));
  return {
    known: true,
    // A unit that an administrator switched off is `disabled` only while it is down: started by hand it runs.
    state: off && running === 'stopped' ? 'disabled' : running,
    // systemd writes 0 for "no main process".
    pid: pid === 0 ? null : pid,
    restarts: count(properties.get('NRestarts')),
  };
}

/** The facts in recorded output of `systemctl show usbmuxd.service`: the service manager's half of `mux-daemon`; nobody asked the socket. */
export function parseSystemctlShow(ran: Ran): DraftFact[] {
  const service = readService(ran);
  if (service.known) {
    const { state, pid, restarts } = service;
    return [{ kind: 'mux-daemon', subject: 'host', state: 'seen', reading: { state, pid, restarts, socket: null, latencyMs: null } }];
  }
  if (service.reason === null) return [{ kind: 'mux-daemon', subject: 'host', state: 'absent' }];
  return [{ kind: 'mux-daemon', subject: 'host', state: 'failed', reason: service.reason }];
}

/** The known properties; null when a key stands there twice with different values or the text is binary. */
function propertiesOf(stdout: string): Map<string, string> | null {
  if (stdout.includes('\u0000')) return null;
  const found = new Map<string, string>();
  const lines = stdout.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  const last = lines.length - 1;
  for (const [i, line] of lines.entries()) {
    const at = line.indexOf('=');
    if (at < 1) continue;
    const key = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (!WANTED.has(key)) continue;
    // The last line has no newline: it may have been cut, and half a number is a wrong number.
    if (i === last && /^\d+$/.test(value)) continue;
    const before = found.get(key);
    if (before !== undefined && before !== value) return null;
    found.set(key, value);
  }
  return found;
}

/** A decimal of at most nine digits; anything else (systemd's `[not set]` among them) is not known. */
function count(raw: string | undefined): number | null {
  return raw !== undefined && /^\d{1,9}$/.test(raw) ? Number(raw) : null;
}
