import { LIMITS } from '@lockstep/core/protocol';
import type { HostMessages, HostTx } from '../agents/index.js';
import type { Bus } from '../platform/index.js';
import { type Applied, apply, nothingApplied, touchedBy } from './apply.js';
import { loadPictures } from './load.js';
import type { Picture } from './picture.js';
import { judgePicture } from './verdicts.js';
import { type HostChanges, isChanged, writeChanges } from './write.js';

/** A host that was not heard for this long is silent, and nothing it said before proves anything any more, ms. */
export const SILENT_MS = 180_000;

/**
 * Records what agents tell and what time changes: facts, findings, health, history. Pictures of connected hosts stay in memory between
 * transactions; a transaction that fails voids the pictures it touched, another server process that writes one voids it too, and the rows
 * are read again.
 */
export class Recorder {
  readonly #pictures = new Map<string, Picture>();

  constructor(
    private readonly bus: Bus,
    /** Whether a host's picture is worth keeping after this: its connection is here. */
    private readonly isHere: (hostId: string) => boolean,
  ) {}

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
    await this.#change(tx, hostIds, nothingApplied, (hostId) => {
      const at = heardAt(hostId);
      return at !== null && at + SILENT_MS > tx.now;
    });
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
    for (const [id, picture] of await loadPictures(tx.client, missing)) this.#pictures.set(id, picture);
    const changes: HostChanges[] = [];
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
      const verdicts = judgePicture(
        picture,
        touchedBy(applied),
        applied.newDevices,
        tx.now,
        isHeard(hostId),
        tx.links.get(hostId)?.takeovers ?? [],
      );
      const all = { picture, applied, verdicts };
      if (isChanged(all)) changes.push(all);
    }
    const renamed = await writeChanges(tx.client, changes, tx.now);
    tx.onCommit(() => {
      for (const id of hostIds) if (!this.isHere(id)) this.#pictures.delete(id);
      const changed = new Map<string, Set<string>>();
      const add = (hostId: string, pairId: string) => changed.set(hostId, (changed.get(hostId) ?? new Set()).add(pairId));
      for (const { verdicts } of changes) for (const p of verdicts.pairs) add(verdicts.hostId, p.id);
      for (const p of renamed) add(p.host_id, p.id);
      for (const [hostId, ids] of changed) this.bus.publish('pair.changed', { hostId, pairIds: [...ids] });
      for (const { verdicts, applied } of changes) {
        if (verdicts.host || applied.newDevices.size > 0) this.bus.publish('host.changed', { hostId: verdicts.hostId });
      }
    });
  }
}
