import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, type Database, type Env, type Log, messageOf } from '../platform/index.js';
import type { ApiTokens } from './api-tokens.js';
import { type Audit, SERVER } from './audit.js';
import type { EnrolmentTokens } from './enrolment-tokens.js';
import type { Setup } from './setup.js';

/** The enrolment token of LOCKSTEP_ENROL_TOKEN_FILE: for the computers that the same script starts. */
const ENROL = { uses: 100, minutes: 60, note: 'made at the server’s start for LOCKSTEP_ENROL_TOKEN_FILE' } as const;
const ADMIN_NAME = 'LOCKSTEP_ADMIN_TOKEN_FILE';

/** A token file could not be written; `message` says which and why. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/** Tokens that are handed over in files which only the server's user can read: how scripts get in without a browser. */
export class TokenFiles {
  constructor(
    private readonly env: Pick<Env, 'adminTokenFile' | 'enrolTokenFile' | 'setupTokenFile'>,
    private readonly db: Database,
    private readonly log: Log,
    private readonly audit: Audit,
    private readonly tokens: ApiTokens,
    private readonly enrolment: EnrolmentTokens,
    private readonly setup: Setup,
  ) {}

  /** Writes the files that are asked for. @throws TokenFileError */
  async write(): Promise<void> {
    if (this.env.adminTokenFile !== null) await this.admin(this.env.adminTokenFile);
    if (this.env.enrolTokenFile !== null) await this.enrol(this.env.enrolTokenFile);
    await this.setupFile();
  }

  /** A file that holds a valid admin token stays as it is; else a new token is made, and the one made before is revoked. */
  private async admin(file: string): Promise<void> {
    const held = await readFile(file, 'utf8').catch(() => null);
    if (held !== null) {
      const caller = await this.tokens.find(held.trim());
      if (caller?.role === 'admin') return;
    }
    await this.db.tx(async (tx) => {
      const old = await tx.query<{ id: string }>(
        'UPDATE api_token SET revoked_at = now() WHERE created_by IS NULL AND name = $1 AND revoked_at IS NULL RETURNING id',
        [ADMIN_NAME],
      );
      for (const { id } of old.rows)
        await this.audit.write(tx, {
          actor: SERVER,
          action: 'api-token.revoked',
          subject: { kind: 'api-token', id },
          detail: { reason: 'replaced' },
        });
      const { secret } = await this.tokens.make(tx, { actor: SERVER }, { name: ADMIN_NAME, role: 'admin' });
      await put(file, secret, 'LOCKSTEP_ADMIN_TOKEN_FILE'); // before the commit: a token that nobody could read must not exist
    });
    this.log.info('an admin API token was written to its file', { file });
  }

  private async enrol(file: string): Promise<void> {
    await this.db.tx(async (tx) => {
      const { token } = await this.enrolment.make(tx, { actor: SERVER }, ENROL);
      await put(file, token, 'LOCKSTEP_ENROL_TOKEN_FILE');
    });
    this.log.info('an enrolment token was written to its file', { file, uses: ENROL.uses, minutes: ENROL.minutes });
  }

  /** Holds the set-up token while there is no admin; gone once there is one. Called again after set-up. */
  async setupFile(): Promise<void> {
    const file = this.env.setupTokenFile;
    const token = await this.setup.currentToken();
    if (token === null) await rm(file, { force: true });
    else await put(file, token, 'LOCKSTEP_SETUP_TOKEN_FILE');
  }
}

/** Writes a file whole or not at all, readable by its owner only. */
async function put(file: string, content: string, variable: string): Promise<void> {
  const part = `${file}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(part, 'wx', 0o600);
    try {
      await handle.writeFile(`${content}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {}); // where nothing can be written there is nothing to remove
    throw new TokenFileError(`${variable}: ${file} cannot be written (${codeOf(error) || messageOf(error)})`);
  }
}
