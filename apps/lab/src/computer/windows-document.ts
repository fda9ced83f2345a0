import type { Ran } from '@lockstep/agent/machine';
import type { ComputerView } from './condition.js';

/** A section of a script: what its cmdlets gave, or the error id of the one that failed. */
export type Section = { ok: unknown[] } | { why: string; code: number };
export const rows = (...ok: unknown[]): Section => ({ ok });
/** Get-WinEvent calls an empty answer an error. */
export const events = (found: readonly unknown[]): Section =>
  found.length > 0
    ? { ok: [...found] }
    : { why: 'NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand', code: -2_146_233_088 };

/** One line of JSON with the time at which the script ran. */
export function document(view: ComputerView, sections: Record<string, Section>): Partial<Ran> {
  const at = new Date(view.now).toISOString().replace('Z', '0000Z');
  return { stdout: `${JSON.stringify({ v: 1, at, local: at.replace('Z', '+00:00'), ...sections })}\r\n` };
}
