import type { Duplex } from 'node:stream';
import { LockdownFrames, type PlistDict, PlistError, parsePlistDict } from '@lockstep/agent/device';
import { z } from 'zod';
import type { SimulatedPhone } from './phone.js';
import { encodeMessage } from './wire.js';

/** A service of the phone, behind a port of its own. */
interface Service {
  /** Started without a session too. */
  sessionless: boolean;
  serve(phone: SimulatedPhone, talk: ServiceTalk): void;
}

/** The notice by which a phone tells that Trust was tapped (libimobiledevice usbmuxd preflight.c waits for it). */
export const REQUEST_PAIR = 'com.apple.mobile.lockdown.request_pair';

/** Seconds a phone waits for Polo before it hangs up (seen in heartbeat clients). */
const HEARTBEAT_INTERVAL_S = 10;
const MESSAGE_LIMIT = 1024 * 1024;

/** Messages of one connection to a service. */
export class ServiceTalk {
  constructor(
    private readonly stream: Duplex,
    /** The connection is over. */
    readonly closed: (act: () => void) => void,
  ) {}

  send(message: PlistDict): void {
    if (!this.stream.destroyed) this.stream.write(encodeMessage(message));
  }

  end(message?: PlistDict): void {
    if (message !== undefined) this.send(message);
    this.stream.end();
  }

  /** Calls `act` with each message; what is no property list ends the connection, as does an `act` that returns false. */
  each(act: (message: PlistDict) => void): void {
    const frames = new LockdownFrames(MESSAGE_LIMIT);
    this.stream.on('data', (chunk: Buffer) => {
      let bodies: Buffer[];
      try {
        bodies = frames.push(chunk);
      } catch {
        this.stream.destroy();
        return;
      }
      for (const body of bodies) {
        try {
          act(parsePlistDict(body));
        } catch (error) {
          if (!(error instanceof PlistError)) throw error;
          this.stream.destroy();
        }
      }
    });
  }
}

const Notice = z.object({ Command: z.string(), Name: z.string().max(256).optional() });

function notificationProxy(phone: SimulatedPhone, talk: ServiceTalk): void {
  const watched = new Set<string>();
  const relay = (name: string) => {
    if (watched.has(name)) talk.send({ Command: 'RelayNotification', Name: name });
  };
  talk.closed(phone.onNotice(relay));
  talk.each((message) => {
    const notice = Notice.safeParse(message);
    if (!notice.success) return;
    const { Command, Name } = notice.data;
    if (Command === 'ObserveNotification' && Name !== undefined) watched.add(Name);
    else if (Command === 'PostNotification' && Name !== undefined) phone.postNotice(Name);
    else if (Command === 'Shutdown') talk.end({ Command: 'ProxyDeath' });
  });
}

function heartbeat(phone: SimulatedPhone, talk: ServiceTalk): void {
  let alarm = phone.clock.after(0, beat);
  talk.closed(() => alarm.cancel());
  talk.each((message) => {
    if (message.Command !== 'Polo') return;
    alarm.cancel();
    alarm = phone.clock.after(HEARTBEAT_INTERVAL_S * 500, beat);
  });
  function beat(): void {
    talk.send({ Command: 'Marco', Interval: HEARTBEAT_INTERVAL_S });
    alarm = phone.clock.after(HEARTBEAT_INTERVAL_S * 1_000, () => talk.end({ Command: 'SleepyTime' }));
  }
}

const BATTERY = {
  CycleCount: 212,
  DesignCapacity: 3_227,
  NominalChargeCapacity: 2_904,
  AppleRawMaxCapacity: 2_904,
  CurrentCapacity: 80,
  IsCharging: true,
  Temperature: 2_910,
};
const GAS_GAUGE = {
  CycleCount: BATTERY.CycleCount,
  DesignCapacity: BATTERY.DesignCapacity,
  FullChargeCapacity: BATTERY.NominalChargeCapacity,
  Status: 'Success',
};
const DiagnosticsRequest = z.object({ Request: z.string(), EntryClass: z.string().optional() });

function diagnosticsRelay(phone: SimulatedPhone, talk: ServiceTalk): void {
  talk.each((message) => {
    const asked = DiagnosticsRequest.safeParse(message);
    if (!asked.success) return talk.send({ Status: 'UnknownRequest' });
    switch (asked.data.Request) {
      case 'Goodbye':
        return talk.end({ Status: 'Success' });
      case 'All':
      case 'GasGauge':
        return talk.send({ Status: 'Success', Diagnostics: { GasGauge: GAS_GAUGE } });
      case 'IORegistry':
        return asked.data.EntryClass === 'AppleSmartBattery' || asked.data.EntryClass === 'IOPMPowerSource'
          ? talk.send({ Status: 'Success', Diagnostics: { IORegistry: BATTERY } })
          : talk.send({ Status: 'Success', Diagnostics: {} });
      case 'MobileGestalt':
        return talk.send({ Status: 'Success', Diagnostics: { MobileGestalt: { Status: 'MobileGestaltDeprecated' } } });
      case 'Restart':
        talk.end({ Status: 'Success' });
        return phone.restart();
      default:
        return talk.send({ Status: 'UnknownRequest' });
    }
  });
}

/** The services a lab phone has. Every other name answers InvalidService. */
export const SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  ['com.apple.mobile.notification_proxy', { sessionless: false, serve: notificationProxy }],
  ['com.apple.mobile.insecure_notification_proxy', { sessionless: true, serve: notificationProxy }],
  ['com.apple.mobile.heartbeat', { sessionless: false, serve: heartbeat }],
  ['com.apple.mobile.diagnostics_relay', { sessionless: false, serve: diagnosticsRelay }],
]);
