import { ChangeFailed, type CommandId, type FolderRights, type Os, type Ran } from '@lockstep/agent/machine';
import type { ComputerView, HostCondition } from '../condition.js';
import type { EffectLog } from '../effects.js';
import { document, rows } from '../windows-document.js';

const ended = (exit: number, stdout = '', stderr = ''): Ran => ({ exit, stdout, stderr, failure: null });

/** The access list of the records' folder on Windows: what is inherited from ProgramData, and what somebody denied the system. */
export function recordAcl({ recordsWritable }: HostCondition): string {
  return `O:SYG:SYD:AI${recordsWritable ? '' : '(D;OICI;FA;;;SY)'}(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)`;
}

export interface TrustWorld {
  os: Os;
  effects: EffectLog;
  condition(): HostCondition;
  view(): ComputerView;
}

/** What changes the rights of the records' folder on a simulated computer. */
export class RecordFolderTools {
  /** What holds the folder as it is: a file system that says it did and does not, or a system that refuses. */
  held: 'no' | 'silently' | 'denied' = 'no';

  constructor(private readonly world: TrustWorld) {}

  /** Owner and mode are set, as the kernel would. */
  setRights({ uid, mode }: FolderRights): void {
    const c = this.world.condition();
    if (this.held === 'denied') throw new ChangeFailed('denied', 'record folder');
    this.world.effects.add({ effect: 'record-folder-set' });
    if (this.held === 'silently') return;
    c.recordFolder = { uid: uid ?? c.recordFolder?.uid ?? null, mode };
  }

  /** What one of the commands says and does; null for a command that is none of these. */
  act(id: CommandId): Ran | null {
    const c = this.world.condition();
    switch (id) {
      case 'windows-record-acl':
        return { ...ended(0), ...document(this.world.view(), { store: rows(recordAcl(c)) }) };
      case 'record-acl-grant':
      case 'record-acl-ungrant':
      case 'record-acl-undeny':
        if (this.held === 'denied') return ended(5, '', 'C:\\ProgramData\\Apple\\Lockdown: Access is denied.\r\n');
        this.world.effects.add({ effect: 'command-acted', command: id });
        if (this.held === 'no' && id === 'record-acl-undeny') c.recordsWritable = true;
        return ended(0, 'Successfully processed 1 files; Failed processing 0 files\r\n');
      default:
        return null;
    }
  }
}
