import type { Reading } from '../health/index.js';
import type { HostSoftware, PhoneDemand } from './compatibility.js';
import { PC_SOFTWARE, type PcSoftwareId } from './shapes.js';
import { compareVersions } from './versions.js';

/** What the facts of a computer say of its software; a reading that is not there is null. */
export function hostSoftwareOf(
  os: HostSoftware['os'],
  system: Reading<'host-os'> | null,
  apple: Reading<'apple-software'> | null,
): HostSoftware {
  const pc: Partial<Record<PcSoftwareId, string>> = {};
  let mobileDevice: string | null = null;
  for (const { id, version } of apple?.items ?? []) {
    if (id === 'mobile-device-framework') mobileDevice = version;
    const known = PC_SOFTWARE.find((name) => name === id);
    // Where the same program is there twice (32 and 64 bits), the older one decides.
    if (known !== undefined && version !== null && (compareVersions(version, pc[known] ?? version) ?? 1) <= 0) pc[known] = version;
  }
  // An incomplete look that found nothing says nothing; one that found something says what it found.
  const isRead = apple !== null && (apple.whole || Object.keys(pc).length > 0);
  return { os, osVersion: system?.version ?? null, model: system?.model ?? null, mobileDevice, pc: os === 'windows' && isRead ? pc : null };
}

/** What a phone's values say it needs. */
export function demandOf(values: Reading<'device-values'>): PhoneDemand {
  return { minMacos: values.minMacos ?? null, minItunes: values.minItunes ?? null };
}
