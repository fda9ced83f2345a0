import { compareVersions } from '../../software/index.js';
import { current } from '../current.js';
import { type Tri, tri } from '../tri.js';
import { from, type Signal } from './signal.js';

/** Restores that lost the phone on the way (Apple support, "If you see error 9, 4005, 4013 or 4014"), and the transfer errors around 2000. */
const USB_LOST: ReadonlySet<number> = new Set([9, 4005, 4013, 4014, 2013]);
const usbLost = (n: number) => USB_LOST.has(n) || (n >= 2001 && n <= 2009);
/** Restores that Apple's servers refused or that did not reach them; 17 belongs here, 34 to security software. */
const REFUSED: ReadonlySet<number> = new Set([17, 1013, 1015, 3002, 3004, 3013, 3014, 3015, 3194, 3200]);
const serverRefused = (n: number) => REFUSED.has(n) || (n >= 3500 && n <= 3599);
/** A restore's log that is written to is a restore under way. */
const BUSY_S = 120;
/** After twenty minutes without a line it is stuck. */
const STUCK_S = 1_200;

/** The programs that discover phones for Finder, by whose log an attach can be followed. */
const DISCOVERY = 'AMPDeviceDiscoveryAgent';

/** The seventh rung's signals. */
export const SERVICES_SIGNALS = {
  'agents.disabled': from('sync-agents', (r) => r.agents.some((a) => a.state === 'disabled' || a.state === 'suspended')),
  'agents.managed': from('sync-agents', (r) => r.agents.some((a) => a.state === 'disabled' && a.managed)),
  'agents.crash-loop': from('sync-agents', (r) => r.agents.some((a) => (a.crashes24h ?? 0) >= 3)),
  /** The phone came, and the agent that shows phones did not notice. */
  'agents.missed-phone': from('sync-agents', (r) => {
    const told = r.agents.filter((a) => a.name === DISCOVERY && a.sawPhone !== null);
    return told.length === 0 ? null : told.some((a) => a.sawPhone === false);
  }),
  'preferences.hide': from('hiding-preferences', (r) => r.preferences.length > 0 || r.sidebar === false),
  'configurator.hangs': from('configurator', (r) => r.tool === 'hangs', 'no'),
  /** The computer's history says another iOS than the phone itself. */
  'history.old': from(
    'device-history',
    (r, i) => {
      const values = current(i, 'device-values');
      if (values?.state !== 'seen' || r.productVersion === null) return null;
      const order = compareVersions(r.productVersion, values.reading.productVersion);
      return order === null ? null : order < 0;
    },
    'no',
  ),
  /** A program updates or restores a phone right now. */
  'updater.busy': from(
    'updater-activity',
    (r) => r.programs.some((p) => p !== 'mobile-device-updater') && (r.logAgeS === null || r.logAgeS < BUSY_S),
  ),
  'updater.log-moves': from('updater-activity', (r) => r.logAgeS !== null && r.logAgeS < BUSY_S),
  'updater.stuck': from('updater-activity', (r) => r.programs.length > 0 && r.logAgeS !== null && r.logAgeS > STUCK_S),
  'updater.idle': from('updater-activity', (r) => r.programs.length === 0),
  'restore.usb-lost': from('updater-activity', (r, i) => recent(r, i.now) && usbLost(r.lastError ?? 0)),
  'restore.server-refused': from('updater-activity', (r, i) => recent(r, i.now) && serverRefused(r.lastError ?? 0)),
  /** 35: security software in the way of the restore. */
  'restore.security': from('updater-activity', (r, i) => recent(r, i.now) && (r.lastError === 35 || r.lastError === 34)),
  'restore.disk': from('updater-activity', (r, i) => recent(r, i.now) && r.lastError === 105),
} as const satisfies Record<string, Signal>;

/** The last restore failed within a day. */
function recent(r: { lastError: number | null; lastErrorAt: string | null }, now: number): boolean {
  if (r.lastError === null) return false;
  return r.lastErrorAt === null || now - Date.parse(r.lastErrorAt) < 86_400_000;
}

/** A first backup needs what the phone holds and a tenth more; a later one 10 GB. */
const LATER_BYTES = 10e9;
const PHONE_BYTES = 1e9;
/** A day's backup that has not ended for a week. */
const BACKUP_OLD_MS = 7 * 86_400_000;
/** Not a byte for a minute. */
const STALLED_S = 60;

/** The highest rung's signals. */
export const SYNC_SIGNALS = {
  'backup.running': {
    kind: 'backup-activity',
    read: (i): Tri => {
      const f = current(i, 'backup-activity');
      return f === null || f.state === 'failed' ? 'unknown' : tri(f.state === 'seen');
    },
  },
  'backup.waits-for-passcode': from('backup-activity', (r) => r.waitsForPasscode, 'no'),
  'backup.stalled': from('backup-activity', (r) => (r.stalledS === null ? null : r.stalledS > STALLED_S), 'no'),
  'backup.finished': from('backup', (r) => (r.snapshot === 'unknown' ? null : r.snapshot === 'finished' && r.manifest !== false), 'no'),
  'backup.broken-off': from(
    'backup',
    (r) => (r.snapshot === 'unknown' ? (r.manifest === false ? true : null) : r.snapshot !== 'finished' || r.manifest === false),
    'no',
  ),
  'backup.old': from('backup', (r, i) => (r.at === null ? null : i.now - Date.parse(r.at) > BACKUP_OLD_MS), 'no'),
  'backup.exists': from('backup', () => true, 'no'),
  'backup.error-space': from('backup-activity', (r) => r.lastError === 105, 'no'),
  'backup.error-files': from('backup-activity', (r) => r.lastError === 104, 'no'),
  'backup.error-password': from('backup-activity', (r) => r.lastError === 207, 'no'),
  'backup.encryption-required': from('backup-policy', (r) => r.required),
  'backup.encrypts': from('backup-policy', (r) => r.encrypts),
  'computer.full': from('host-storage', (r, i) => {
    if (r.freeBytes >= 200e9) return false;
    const phone = current(i, 'device-storage');
    const backup = current(i, 'backup');
    if (backup?.state === 'absent' && phone?.state === 'seen')
      return r.freeBytes < (phone.reading.totalBytes - phone.reading.freeBytes) * 1.1;
    return r.freeBytes < LATER_BYTES;
  }),
  'phone.full': from('device-storage', (r) => r.freeBytes < PHONE_BYTES),
} as const satisfies Record<string, Signal>;
