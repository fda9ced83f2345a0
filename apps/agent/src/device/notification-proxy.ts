import type { PlistDict } from '../machine/index.js';
import { DeviceError } from './errors.js';
import type { ServiceConnection } from './service-connection.js';

/** The service inside a session, and the one for computers that are not paired yet. */
export const NOTIFICATION_PROXY = {
  trusted: 'com.apple.mobile.notification_proxy',
  untrusted: 'com.apple.mobile.insecure_notification_proxy',
} as const;

/** Notices that can be watched for (libimobiledevice notification_proxy.h; the first from usbmuxd preflight.c). */
export const NOTICES = {
  /** Trust was tapped: the phone wants to be asked to pair again. */
  requestPair: 'com.apple.mobile.lockdown.request_pair',
  trustedHostAttached: 'com.apple.mobile.lockdown.trusted_host_attached',
  hostAttached: 'com.apple.mobile.lockdown.host_attached',
  hostDetached: 'com.apple.mobile.lockdown.host_detached',
  activationState: 'com.apple.mobile.lockdown.activation_state',
  deviceName: 'com.apple.mobile.lockdown.device_name_changed',
  diskUsage: 'com.apple.mobile.lockdown.disk_usage_changed',
  timeZone: 'com.apple.mobile.lockdown.timezone_changed',
  syncWillStart: 'com.apple.itunes-mobdev.syncWillStart',
  syncDidStart: 'com.apple.itunes-mobdev.syncDidStart',
  syncDidFinish: 'com.apple.itunes-mobdev.syncDidFinish',
  backupDomainChanged: 'com.apple.mobile.backup.domain_changed',
} as const;
export type NoticeName = (typeof NOTICES)[keyof typeof NOTICES];

const NAMES: ReadonlySet<string> = new Set(Object.values(NOTICES));

/** What the proxy says: a notice, or that it ends. Null: nothing that means something here, such as a notice nobody can have asked for. */
export function readNotice(message: PlistDict): { says: 'notice'; name: NoticeName } | { says: 'death' } | null {
  if (message.Command === 'ProxyDeath') return { says: 'death' };
  const { Name } = message;
  return message.Command === 'RelayNotification' && isNoticeName(Name) ? { says: 'notice', name: Name } : null;
}

function isNoticeName(name: unknown): name is NoticeName {
  return typeof name === 'string' && NAMES.has(name);
}

/** Watches for notices of a phone. It never posts one: that would change something there. Rejects with DeviceError only. */
export class NotificationProxy {
  readonly #watched = new Set<NoticeName>();

  constructor(private readonly connection: ServiceConnection) {}

  /** Asks to be told. The service confirms nothing. */
  observe(...names: NoticeName[]): void {
    for (const name of names) {
      if (this.#watched.has(name)) continue;
      this.connection.tell('ObserveNotification', { Command: 'ObserveNotification', Name: name });
      this.#watched.add(name);
    }
  }

  /** The next notice that was asked for. `ms` null waits for ever; when the time is up (`timeout`) the connection is closed. */
  async next({ ms, signal }: { ms: number | null; signal?: AbortSignal | undefined }): Promise<NoticeName> {
    const step = 'RelayNotification';
    const until = ms === null ? null : performance.now() + ms;
    for (;;) {
      const left = until === null ? null : Math.max(0, until - performance.now());
      const heard = readNotice(await this.connection.hear({ step, ms: left, signal }));
      if (heard?.says === 'notice' && this.#watched.has(heard.name)) return heard.name;
      if (heard?.says === 'death') {
        this.close();
        throw new DeviceError(step, { kind: 'closed' });
      }
    }
  }

  close(): void {
    this.connection.close();
  }
}
