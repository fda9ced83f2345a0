import type { Duplex } from 'node:stream';
import { LockdownFrames, type PlistDict, PlistError, parsePlistDict } from '@lockstep/agent/device';
import { z } from 'zod';
import { type BatteryCondition, conditionOf } from './condition.js';
import type { SimulatedPhone } from './phone.js';
import type { Via } from './trust.js';
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
/** The answer leaves before the phone goes down. */
const RESTART_MS = 100;
const MESSAGE_LIMIT = 1024 * 1024;

/** Messages of one connection to a service. */
export class ServiceTalk {
  constructor(
    private readonly stream: Duplex,
    readonly via: Via,
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
    phone.beat(talk.via);
    alarm.cancel();
    alarm = phone.clock.after(HEARTBEAT_INTERVAL_S * 500, beat);
  });
  function beat(): void {
    talk.send({ Command: 'Marco', Interval: HEARTBEAT_INTERVAL_S });
    alarm = phone.clock.after(HEARTBEAT_INTERVAL_S * 1_000, () => talk.end({ Command: 'SleepyTime' }));
  }
}

/** The battery as the IORegistry has it; much more stands there on a real phone, its serial number too. */
function registryOf({ percent, cycles, designMah, fullMah }: BatteryCondition): PlistDict {
  return {
    BatteryInstalled: true,
    CycleCount: cycles,
    DesignCapacity: designMah,
    NominalChargeCapacity: fullMah,
    AppleRawMaxCapacity: fullMah,
    // A percentage since the iPhone 6s or so, whatever the battery can still hold.
    MaxCapacity: 100,
    CurrentCapacity: percent,
    IsCharging: true,
    ExternalConnected: true,
    Serial: 'F8Y2340A1QRJKLMN',
    Temperature: 2_910,
  };
}

function gaugeOf({ cycles, designMah, fullMah }: BatteryCondition): PlistDict {
  return { CycleCount: cycles, DesignCapacity: designMah, FullChargeCapacity: fullMah, Status: 'Success' };
}

/** What a caller may name of the IORegistry to find the battery: the class it belongs to, its own, or its name. */
const BATTERY_NAMES: ReadonlySet<string> = new Set(['AppleSmartBattery', 'IOPMPowerSource', 'AppleARMPMUCharger']);
const DiagnosticsRequest = z.object({ Request: z.string(), EntryClass: z.string().optional(), EntryName: z.string().optional() });

function diagnosticsRelay(phone: SimulatedPhone, talk: ServiceTalk): void {
  talk.each((message) => {
    const asked = DiagnosticsRequest.safeParse(message);
    if (!asked.success) return talk.send({ Status: 'UnknownRequest' });
    const { battery } = conditionOf(phone.faults, phone.clock.now());
    switch (asked.data.Request) {
      case 'Goodbye':
        return talk.end({ Status: 'Success' });
      case 'All':
      case 'GasGauge':
        return talk.send({ Status: 'Success', Diagnostics: { GasGauge: gaugeOf(battery) } });
      case 'IORegistry': {
        const found = [asked.data.EntryClass, asked.data.EntryName].some((name) => name !== undefined && BATTERY_NAMES.has(name));
        return talk.send({ Status: 'Success', Diagnostics: found ? { IORegistry: registryOf(battery) } : {} });
      }
      case 'MobileGestalt':
        return talk.send({ Status: 'Success', Diagnostics: { MobileGestalt: { Status: 'MobileGestaltDeprecated' } } });
      case 'Restart':
        talk.end({ Status: 'Success' });
        phone.clock.after(RESTART_MS, () => phone.restart());
        return;
      default:
        return talk.send({ Status: 'UnknownRequest' });
    }
  });
}

/** Profiles and supervision; of its requests the one that only reads. */
function mobileConfig(phone: SimulatedPhone, talk: ServiceTalk): void {
  talk.each((message) => {
    if (message.RequestType !== 'GetCloudConfiguration') return talk.send({ Status: 'Error', ErrorChain: [] });
    const { supervised, restricted, organisation } = phone.supervision;
    const owner: PlistDict = organisation === null ? {} : { OrganizationName: organisation };
    talk.send({
      Status: 'Acknowledged',
      CloudConfiguration: { ...owner, IsSupervised: supervised, AllowPairing: !restricted, ConfigurationWasApplied: true },
    });
  });
}

/** The services a lab phone has. Every other name answers InvalidService. */
export const SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  ['com.apple.mobile.notification_proxy', { sessionless: false, serve: notificationProxy }],
  ['com.apple.mobile.insecure_notification_proxy', { sessionless: true, serve: notificationProxy }],
  ['com.apple.mobile.heartbeat', { sessionless: false, serve: heartbeat }],
  ['com.apple.mobile.diagnostics_relay', { sessionless: false, serve: diagnosticsRelay }],
  ['com.apple.mobile.MCInstall', { sessionless: false, serve: mobileConfig }],
]);
