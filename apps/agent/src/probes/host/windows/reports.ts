import type { FactKind } from '@lockstep/core/health';
import { type CommandId, type DraftFact, hostDraft, type Machine, readDocument, type WindowsDocument } from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';

/** The scripts that several questions share. */
export type WindowsScript = Extract<CommandId, 'windows-now' | 'windows-log' | 'windows-network' | 'windows-slow'>;

/** A cold PowerShell on a busy computer; a little more than the script's own deadline, so that its own word comes first. */
const DEADLINE_MS: Readonly<Record<WindowsScript, number>> = {
  'windows-now': 27_000,
  'windows-log': 42_000,
  'windows-network': 27_000,
  'windows-slow': 52_000,
};

/** A row whose answer is one script's, read by one function of the machine room. */
export function scriptRow<K extends FactKind>(
  kind: K,
  script: WindowsScript,
  read: (document: WindowsDocument) => Parameters<typeof hostDraft<K>>[1],
  more: Partial<Pick<Row, 'privilege' | 'cadenceMs'>> = {},
): Row {
  return documentRow(kind, script, (document) => hostDraft(kind, read(document)), more);
}

/** The same, for a function that makes a draft itself. */
export function documentRow(
  kind: FactKind,
  script: WindowsScript,
  make: (document: WindowsDocument) => DraftFact,
  more: Partial<Pick<Row, 'privilege' | 'cadenceMs'>> = {},
): Row {
  return {
    asks: [script],
    privilege: 'user',
    deadlineMs: DEADLINE_MS[script],
    ...more,
    async ask({ machine }, signal) {
      const doc = await documentOf(machine, script, signal);
      return [doc.read ? make(doc.document) : draft.failed(kind, 'host', doc.reason)];
    },
  };
}

/** What a script says now. */
export async function documentOf(machine: Machine, script: WindowsScript, signal: AbortSignal) {
  return readDocument(await machine.run(script, signal));
}

/** How long a row waits for a script. */
export function patience(script: WindowsScript): number {
  return DEADLINE_MS[script];
}
