import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import type { Nodes } from './nodes.js';
import { ProblemError } from './problem.js';

/** How long an answer is kept for a repeated request. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;
/** How long a second request with the same key waits for the first one's answer. */
const WAIT_MS = 10_000;
const POLL_MS = 50;
/** What could not be written because the database was away is tried again this often, so many times: it may be away for minutes. */
const AGAIN = { everyMs: 1_000, times: 600 } as const;
/** In the place of the process that works on a request (RFC 9562, the nil UUID). */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The header: what a UUID, a hash or a counter looks like. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

/** What was answered: everything that a repetition has to get again. */
export interface Answer {
  status: number;
  body: unknown;
  cookies: readonly string[];
}
const StoredAnswer = z.object({ body: z.unknown(), cookies: z.array(z.string()) });

export interface Request {
  /** Who asks: a key belongs to its caller. */
  caller: string;
  key: string;
  method: string;
  path: string;
  body: unknown;
}

/** What to do with a request that carries a key: answer it as before, or do it and say how it went. */
export type Verdict =
  | { replay: Answer }
  | {
      replay: null;
      done(answer: Answer): Promise<void>;
      /** `harmless`: it surely had no effect, so the key may be used again. Otherwise nobody knows, and a repetition is told so. */
      failed(harmless: boolean): Promise<void>;
    };

/**
 * One effect per key. The row is made before the work and completed after it; a request that was refused leaves no row, because it had no
 * effect and may be sent again. Answers are sealed with a key that is not in the database (they may hold a token that is shown once), and
 * a body is kept only as a keyed hash (it may hold a password).
 */
export class Idempotency {
  /** Requests that run now, in this process. */
  private readonly running = new Set<string>();

  constructor(
    private readonly db: Pick<Database, 'pool'>,
    private readonly clock: Clock,
    private readonly secret: Buffer,
    /** This server process, and who else runs. */
    private readonly node: Pick<Nodes, 'id' | 'isAlive'> = { id: randomUUID(), isAlive: async () => false },
  ) {}

  /**
   * @throws ProblemError 422 `idempotency-key-reused` for the same key with another request, 409 `idempotency-in-progress` when the first
   * request still runs, 409 `idempotency-outcome-unknown` when the server ended in the middle of it.
   */
  async begin(request: Request): Promise<Verdict> {
    const id = createHash('sha256').update(`${request.caller}\n${request.key}`).digest();
    const fingerprint = createHmac('sha256', this.secret)
      .update(`${request.method}\n${request.path}\n${JSON.stringify(request.body) ?? ''}`)
      .digest();
    const until = Date.now() + WAIT_MS;
    for (;;) {
      const mine = await this.claim(id, fingerprint);
      if (mine) {
        const name = id.toString('hex');
        this.running.add(name);
        return {
          replay: null,
          done: (answer) => this.surely(() => this.complete(id, answer)).finally(() => this.running.delete(name)),
          failed: (harmless) => this.surely(() => (harmless ? this.release(id) : this.disown(id))).finally(() => this.running.delete(name)),
        };
      }
      const found = await this.db.pool.query<{ fingerprint: Buffer; process_id: string; status: number | null; answer: Buffer | null }>(
        'SELECT fingerprint, process_id, status, answer FROM idempotency_key WHERE id = $1',
        [id],
      );
      const row = found.rows[0];
      if (row !== undefined) {
        if (!row.fingerprint.equals(fingerprint)) throw refusal(422, 'idempotency-key-reused', 'was used before for another request');
        if (row.status !== null && row.answer !== null) return { replay: this.open(id, row.status, row.answer) };
        const runs = row.process_id === this.node.id ? this.running.has(id.toString('hex')) : await this.node.isAlive(row.process_id);
        if (!runs)
          throw refusal(
            409,
            'idempotency-outcome-unknown',
            'belongs to a request that was cut off: look whether it took effect, then use a new key',
          );
        if (Date.now() >= until)
          throw refusal(409, 'idempotency-in-progress', 'belongs to a request that is still running', { 'retry-after': '2' });
        await new Promise<void>((done) => setTimeout(done, POLL_MS));
      }
    }
  }

  /**
   * Writes how a request went. When that fails it is tried again behind the scenes, because other servers take the row for one that is
   * worked on as long as this process lives. @throws what the first try threw
   */
  private async surely(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      void this.later(write);
      throw error;
    }
  }

  private async later(write: () => Promise<void>): Promise<void> {
    for (let n = 0; n < AGAIN.times; n++) {
      await sleep(AGAIN.everyMs, undefined, { ref: false });
      try {
        return await write();
      } catch {
        // still away
      }
    }
  }

  private async claim(id: Buffer, fingerprint: Buffer): Promise<boolean> {
    const now = this.clock.now();
    const made = await this.db.pool.query(
      `INSERT INTO idempotency_key AS k (id, fingerprint, process_id, started_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, process_id = excluded.process_id, started_at = excluded.started_at,
         done_at = NULL, status = NULL, answer = NULL WHERE k.started_at < $5`,
      [id, fingerprint, this.node.id, new Date(now), new Date(now - IDEMPOTENCY_MS)],
    );
    return made.rowCount === 1;
  }

  private async complete(id: Buffer, answer: Answer): Promise<void> {
    await this.db.pool.query('UPDATE idempotency_key SET done_at = $2, status = $3, answer = $4 WHERE id = $1', [
      id,
      this.clock.date(),
      answer.status,
      this.seal(id, answer),
    ]);
  }

  private async release(id: Buffer): Promise<void> {
    await this.db.pool.query('DELETE FROM idempotency_key WHERE id = $1 AND done_at IS NULL', [id]);
  }

  /** Nobody works on it any more, and nobody knows how it went: other processes are told so too. */
  private async disown(id: Buffer): Promise<void> {
    await this.db.pool.query('UPDATE idempotency_key SET process_id = $2 WHERE id = $1 AND done_at IS NULL', [id, NOBODY]);
  }

  /** Forgets answers that are too old to be asked for again. Returns how many. */
  async purge(): Promise<number> {
    const gone = await this.db.pool.query('DELETE FROM idempotency_key WHERE started_at < $1', [
      new Date(this.clock.now() - IDEMPOTENCY_MS),
    ]);
    return gone.rowCount ?? 0;
  }

  private sealingKey(id: Buffer): Buffer {
    return Buffer.from(hkdfSync('sha256', this.secret, id, 'lockstep/1 idempotency answer', 32));
  }

  private seal(id: Buffer, answer: Answer): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.sealingKey(id), nonce);
    const text = JSON.stringify({ body: answer.body ?? null, cookies: answer.cookies });
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  private open(id: Buffer, status: number, sealed: Buffer): Answer {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.sealingKey(id), sealed.subarray(0, 12));
      decipher.setAuthTag(sealed.subarray(-16));
      const text = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8');
      const stored = StoredAnswer.parse(JSON.parse(text));
      return { status, body: stored.body, cookies: stored.cookies };
    } catch {
      // The order key, from which the sealing key comes, was replaced since.
      throw refusal(
        409,
        'idempotency-outcome-unknown',
        'was answered, but the answer can no longer be read: look whether it took effect, then use a new key',
      );
    }
  }
}

function refusal(status: number, code: string, message: string, headers: Record<string, string> = {}): ProblemError {
  return new ProblemError(status, code, `Idempotency-Key ${message}.`, [{ field: 'Idempotency-Key', message }], headers);
}
