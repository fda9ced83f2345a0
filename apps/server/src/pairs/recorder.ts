import { setImmediate } from 'node:timers/promises';
import type { QuestionId } from '@lockstep/core/diagnosis';
import { LIMITS } from '@lockstep/core/protocol';
import type { PreparedCatalogue } from '@lockstep/core/software';
import type { HostMessages, HostTx } from '../agents/index.js';
import type { Bus } from '../platform/index.js';
import { put } from './answer-rows.js';
import { type Applied, apply, nothingApplied, touchedBy } from './apply.js';
import { Beside } from './beside.js';
import { loadPictures } from './load.js';
import type { Picture } from './picture.js';
import { judgePicture } from './verdicts.js';
import { type HostChanges, isChanged, type RenamedPair, writeChanges, writeDevices } from './write.js';

/** A host that was not heard for this long is silent, and nothing it said before proves anything any more, ms. */
export const SILENT_MS = 180_000;

/** Hosts that are diagnosed at a stretch: some milliseconds of work. */
const PART_HOSTS = 64;

/** A host's picture with what was told of it applied. */
type Told = Pick<HostChanges, 'picture' | 'applied'>;

/** Whether a host was heard within the silence limit. */
function heardBy(heardAt: (hostId: string) => number | null, now: number): (hostId: string) => boolean {
  return (hostId) => {
    const at = heardAt(hostId);
    return at !== null && at + SILENT_MS > now;
  };
}

/**
 * Records what agents tell and what time changes: facts, findings, health, history. Pictures of connected hosts stay in memory between
 * transactions; a transaction that fails voids the pictures it touched, another server process that writes one voids it too, and the rows
 * are read again.
 */
export class Recorder {
  readonly #pictures = new Map<string, Picture>();
  readonly #beside: Beside;

  constructor(
    private readonly bus: Bus,
    /** Whether a host's picture is worth keeping after this: its connection is here. */
    private readonly isHere: (hostId: string) => boolean,
    private readonly partHosts = PART_HOSTS,
    /** What is known of Apple's releases now. */
    private readonly catalogue: () => PreparedCatalogue | undefined = () => undefined,
  ) {
    this.#beside = new Beside(bus, this.#pictures);
  }

  /** The room's share of an ingest transaction. */
  async record(tx: HostTx, batch: readonly HostMessages[]): Promise<void> {
    const messages = new Map(batch.map((h) => [h.hostId, h.messages]));
    await this.#change(
      tx,
      [...messages.keys()],
      (picture) => apply(picture, messages.get(picture.hostId) ?? [], tx.now),
      () => true,
    );
  }

  /**
   * Diagnoses hosts again without new facts, because time passed.
   * @param heardAt when a host was last heard, ms; null: never
   */
  async recheck(tx: HostTx, hostIds: readonly string[], heardAt: (hostId: string) => number | null): Promise<void> {
    await this.#change(tx, hostIds, nothingApplied, heardBy(heardAt, tx.now));
  }

  /** Diagnoses a pair with what somebody just answered about it; the answer's row is written already. */
  async answered(
    tx: HostTx,
    told: { hostId: string; udid: string; question: QuestionId; answer: string },
    heardAt: (hostId: string) => number | null,
  ): Promise<void> {
    const { hostId, udid, question, answer } = told;
    const take = (picture: Picture): Applied => {
      const answers = picture.answers.get(udid) ?? {};
      put(answers, question, answer, tx.now);
      picture.answers.set(udid, answers);
      const applied = nothingApplied();
      applied.answered.add(udid);
      return applied;
    };
    await this.#change(tx, [hostId], take, heardBy(heardAt, tx.now));
  }

  /** Forgets a host's picture: it is read again when it is needed. Only inside a transaction that holds the host. */
  forget(hostId: string): void {
    this.#pictures.delete(hostId);
  }

  async #change(
    tx: HostTx,
    hostIds: readonly string[],
    change: (picture: Picture) => Applied,
    isHeard: (hostId: string) => boolean,
  ): Promise<void> {
    tx.onRollback(() => {
      for (const id of hostIds) this.#pictures.delete(id);
    });
    for (const id of await tx.writePictures(hostIds)) this.#pictures.delete(id);
    const missing = hostIds.filter((id) => !this.#pictures.has(id));
    for (const [id, picture] of await loadPictures(tx.client, missing, tx.now)) this.#pictures.set(id, picture);
    await this.#beside.read(tx.client, hostIds, tx.now);
    const told: Told[] = [];
    for (const hostId of hostIds) {
      const picture = this.#pictures.get(hostId);
      if (!picture) continue;
      const applied = change(picture);
      if (applied.refusedDevices.size > 0) {
        tx.remark(
          hostId,
          'facts',
          `are about more than ${LIMITS.devicesPerHost} phones: those of ${applied.refusedDevices.size} were left out`,
        );
      }
      told.push({ picture, applied });
    }
    const { changes, renamed } = await this.#judgeAndWrite(tx, told, isHeard);
    tx.onCommit(() => {
      for (const id of hostIds) if (!this.isHere(id)) this.#pictures.delete(id);
      const changed = new Map<string, Set<string>>();
      const add = (hostId: string, pairId: string) => changed.set(hostId, (changed.get(hostId) ?? new Set()).add(pairId));
      for (const { verdicts } of changes) for (const p of verdicts.pairs) add(verdicts.hostId, p.id);
      for (const p of renamed) add(p.host_id, p.id);
      this.#beside.tell(changes);
      for (const [hostId, ids] of changed) this.bus.publish('pair.changed', { hostId, pairIds: [...ids] });
      for (const { verdicts, applied } of changes) {
        // Pages of its pairs show facts that no pair's row tells of.
        if (verdicts.host || applied.newDevices.size > 0 || verdicts.pairs.length === 0)
          this.bus.publish('host.changed', { hostId: verdicts.hostId });
      }
    });
  }

  /**
   * Diagnoses part after part of the hosts. While the database writes one part the next is diagnosed, and what comes over sockets meanwhile is
   * read. Whatever happens, nothing is on its way to the database any more when this is over: it would outlive the transaction.
   */
  async #judgeAndWrite(
    tx: HostTx,
    told: readonly Told[],
    isHeard: (hostId: string) => boolean,
  ): Promise<{ changes: HostChanges[]; renamed: RenamedPair[] }> {
    const renaming = writeDevices(tx.client, told, tx.now);
    let writing: Promise<unknown> = renaming;
    const changes: HostChanges[] = [];
    const catalogue = this.catalogue();
    try {
      for (let i = 0; i < told.length; i += this.partHosts) {
        const part: HostChanges[] = [];
        for (const { picture, applied } of told.slice(i, i + this.partHosts)) {
          const { hostId } = picture;
          const takeovers = tx.links.get(hostId)?.takeovers ?? [];
          const verdicts = judgePicture(picture, touchedBy(applied), applied.newDevices, tx.now, isHeard(hostId), takeovers, catalogue);
          const all = { picture, applied, verdicts };
          if (isChanged(all)) part.push(all);
        }
        changes.push(...part);
        writing = writing.then(() => writeChanges(tx.client, part, tx.now));
        writing.catch(() => undefined); // awaited below
        await setImmediate();
      }
    } finally {
      await Promise.allSettled([writing]);
    }
    await writing;
    return { changes, renamed: await renaming };
  }
}
