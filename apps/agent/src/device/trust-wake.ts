import { pause } from './conversation.js';
import { DeviceError } from './errors.js';
import { NOTICES, NOTIFICATION_PROXY, NotificationProxy } from './notification-proxy.js';
import { openService, type ServiceRoute } from './service-connection.js';

/**
 * Tells when Trust was tapped on a phone that is not paired yet, so that waiting for the holder ends at the tap and not at the next turn
 * of a clock. A sign, never a proof: Pair has to be asked again in any case, and when the phone tells nothing a wait is just a wait.
 */
export class TrustWake {
  readonly #closing = new AbortController();
  /** A tap that nobody was waiting for. */
  #tapped = false;
  #wake: (() => void) | null = null;

  private constructor(private readonly proxy: NotificationProxy) {
    void this.#listen();
  }

  /** Starts to listen. Null when this phone does not let strangers do so, in its own word; rejects with every other DeviceError. */
  static async open(route: Omit<ServiceRoute, 'record'>, options: { signal?: AbortSignal | undefined } = {}): Promise<TrustWake | null> {
    try {
      const proxy = new NotificationProxy(await openService({ ...route, record: null }, NOTIFICATION_PROXY.untrusted, options));
      proxy.observe(NOTICES.requestPair);
      return new TrustWake(proxy);
    } catch (error) {
      if (error instanceof DeviceError && (error.kind === 'lockdown' || error.kind === 'mux')) return null;
      throw error;
    }
  }

  /** Waits for `ms` or for a tap, whichever is first; a tap since the last wait ends it at once. False when stopped. */
  async wait(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#tapped) {
      this.#tapped = false;
      return signal?.aborted !== true;
    }
    const enough = new AbortController();
    const stop = () => enough.abort();
    signal?.addEventListener('abort', stop, { once: true });
    this.#wake = stop;
    try {
      if (signal?.aborted !== true) await pause(ms, enough.signal);
      return signal?.aborted !== true;
    } finally {
      this.#wake = null;
      this.#tapped = false;
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Stops listening and closes the connection. */
  close(): void {
    this.#closing.abort();
    this.proxy.close();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        await this.proxy.next({ ms: null, signal: this.#closing.signal });
        this.#tapped = true;
        this.#wake?.();
      }
    } catch {
      // Nobody tells any more: from here on a wait lasts its whole time.
      this.proxy.close();
    }
  }
}
