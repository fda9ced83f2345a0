import { ENGLISH } from './english/index.js';
import type { CodeFamily, CodeRow, CodeWords } from './shapes.js';

/** What a person reads about a family. */
export interface FamilyWords {
  title: string;
  /** Where its numbers are seen. */
  seen: string;
}

const FAMILY_WORDS: Record<CodeFamily, FamilyWords> = {
  lockdown: { title: 'Phone’s trust service', seen: 'lockdown: idevicepair, ideviceinfo, this agent' },
  'mobile-device': { title: 'Apple’s software', seen: 'MobileDevice: dialogs of Finder, iTunes and Apple Devices; cfgutil' },
  usbmux: { title: 'Phone service', seen: 'usbmuxd and Apple Mobile Device Service: results in logs' },
  restore: { title: 'Update and restore', seen: 'Finder, iTunes, Apple Devices: “An unknown error occurred”' },
  backup: { title: 'Backup', seen: 'idevicebackup2 and logs: ErrorCode, MBErrorDomain' },
  cfgutil: { title: 'Configurator', seen: 'cfgutil: exit status and Code' },
  'windows-pnp': { title: 'Windows device', seen: 'Device Manager, Get-PnpDevice, pnputil: Code' },
  installer: { title: 'Windows installer', seen: 'msiexec, winget, pnputil: exit code' },
};

/** The words of a code. */
export function codeWords(row: Pick<CodeRow, 'id' | 'family'>): CodeWords {
  const key = row.id.slice(row.family.length + 1);
  return ENGLISH[row.family][key] ?? { title: key, meaning: `Code ${key}.`, next: 'Look at the evidence.' };
}

/** The words of a family. */
export function familyWords(family: CodeFamily): FamilyWords {
  return FAMILY_WORDS[family];
}
