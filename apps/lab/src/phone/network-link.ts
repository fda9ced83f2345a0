import type { Duplex } from 'node:stream';
import type { Alarm, LabClock } from './clock.js';

/** Twice the interval that Marco names: usbmuxd2 and pymobiledevice3 answer within one. */
const GRACE_MS = 20_000;

/**
 * A phone's connections over the network. They live while a computer answers the heartbeat; without an answer they all end, as phones end
 * Wi-Fi sessions (usbmuxd2 WIFIDevice.cpp).
 */
export class NetworkLink {
  private readonly streams = new Set<Duplex>();
  private alarm: Alarm | null = null;

  constructor(private readonly clock: LabClock) {}

  /** Takes a new connection. */
  add(stream: Duplex): void {
    this.streams.add(stream);
    stream.once('close', () => {
      this.streams.delete(stream);
      if (this.streams.size === 0) this.stop();
    });
    if (this.alarm === null) this.beat();
  }

  /** The heartbeat was answered. */
  beat(): void {
    this.stop();
    if (this.streams.size > 0) this.alarm = this.clock.after(GRACE_MS, () => this.drop());
  }

  /** Ends every connection. */
  drop(): void {
    this.stop();
    for (const stream of [...this.streams]) stream.destroy();
    this.streams.clear();
  }

  private stop(): void {
    this.alarm?.cancel();
    this.alarm = null;
  }
}
