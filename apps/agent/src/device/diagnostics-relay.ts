import type { PlistDict, PlistValue } from '../machine/index.js';
import { isDict } from '../machine/index.js';
import { lockdownError } from './errors.js';
import type { ServiceConnection } from './service-connection.js';

export const DIAGNOSTICS_SERVICE = 'com.apple.mobile.diagnostics_relay';

/** The goodbye is a courtesy. */
const GOODBYE_MS = 1_000;

/** What a phone tells about its battery; null where it does not, or where it tells what cannot be. */
export interface BatteryHealth {
  cycles: number | null;
  /** Capacity when it was new, mAh. */
  designMah: number | null;
  /** Capacity of a full charge now, mAh. */
  fullMah: number | null;
  /** Full charge against design, per cent to one decimal. New batteries have a little over 100. */
  healthPercent: number | null;
  temperatureC: number | null;
}

/** What batteries of phones and pads can be; beyond is nonsense, and nonsense is not passed on. */
const POSSIBLE = { cycles: 100_000, minMah: 100, maxMah: 100_000, healthPercent: 150, minCelsius: -60, maxCelsius: 150 };

/**
 * Reads a battery from its IORegistry entry or its GasGauge. Only these five: the entry also holds the battery's serial number.
 * The capacity of a full charge is NominalChargeCapacity, else AppleRawMaxCapacity, else FullChargeCapacity (GasGauge); MaxCapacity is
 * a percentage on newer systems and is not looked at. Temperature counts hundredths of a degree.
 */
export function readBattery(entry: PlistDict): BatteryHealth {
  const designMah = within(entry.DesignCapacity, POSSIBLE.minMah, POSSIBLE.maxMah);
  const fullMah = [entry.NominalChargeCapacity, entry.AppleRawMaxCapacity, entry.FullChargeCapacity]
    .map((value) => within(value, 0, POSSIBLE.maxMah))
    .find((value) => value !== null);
  const percent = designMah === null || fullMah === undefined || fullMah === null ? null : Math.round((fullMah / designMah) * 1_000) / 10;
  const hundredths = within(entry.Temperature, POSSIBLE.minCelsius * 100, POSSIBLE.maxCelsius * 100);
  return {
    cycles: whole(within(entry.CycleCount, 0, POSSIBLE.cycles)),
    designMah,
    fullMah: fullMah ?? null,
    healthPercent: percent === null || percent > POSSIBLE.healthPercent ? null : percent,
    temperatureC: hundredths === null ? null : hundredths / 100,
  };
}

function within(value: PlistValue | undefined, min: number, max: number): number | null {
  return typeof value === 'number' && value >= min && value <= max ? value : null;
}

function whole(value: number | null): number | null {
  return value === null || Number.isInteger(value) ? value : null;
}

/**
 * The diagnostics of a phone. Rejects with DeviceError only; `lockdown` with the service's own word (`Failure`, `UnknownRequest`) leaves
 * the connection usable.
 */
export class DiagnosticsRelay {
  constructor(private readonly connection: ServiceConnection) {}

  /** The battery: from the IORegistry, and where a phone has no such entry, from the GasGauge. Null when it tells of no battery. */
  async battery(options: { signal?: AbortSignal | undefined } = {}): Promise<BatteryHealth | null> {
    const entry = await this.#entry('IORegistry', { EntryClass: 'IOPMPowerSource' }, options);
    if (entry !== null) return readBattery(entry);
    const gauge = await this.#entry('GasGauge', {}, options);
    return gauge === null ? null : readBattery(gauge);
  }

  /**
   * Restarts the phone. For fixes, once: when the answer does not come (`closed`, `timeout`), nobody knows whether it did. Only ever asked
   * of the paired phone itself.
   */
  async restart(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.connection.provenPhone('Restart');
    await this.#ask('Restart', {}, options);
    this.connection.close();
  }

  /** Says goodbye, waits at most a second for the answer, and closes. Never rejects. */
  async close(): Promise<void> {
    if (!this.connection.over) await this.connection.ask('Goodbye', { Request: 'Goodbye' }, { ms: GOODBYE_MS }).catch(() => {});
    this.connection.close();
  }

  /** A part of the diagnostics; null where this phone has none. */
  async #entry(request: string, parameters: PlistDict, options: { signal?: AbortSignal | undefined }): Promise<PlistDict | null> {
    const reply = await this.#ask(request, parameters, options);
    return readDiagnostics(reply, request);
  }

  async #ask(request: string, parameters: PlistDict, { signal }: { signal?: AbortSignal | undefined }): Promise<PlistDict> {
    const reply = await this.connection.ask(request, { Request: request, ...parameters }, { signal });
    const word = reply.Status;
    if (typeof word !== 'string') throw this.connection.garbage(request);
    if (word !== 'Success') throw lockdownError(request, word);
    return reply;
  }
}

/** The part of an answer that was asked for; null when it is missing, empty, or no dictionary. */
export function readDiagnostics(reply: PlistDict, part: string): PlistDict | null {
  const found = isDict(reply.Diagnostics) ? reply.Diagnostics[part] : undefined;
  return isDict(found) && Object.keys(found).length > 0 ? found : null;
}
