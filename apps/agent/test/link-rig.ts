import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrol, Link, type LinkOptions } from '../src/link/index.js';
import { LinkServer } from './link-server.js';

const host = { hostname: 'mac-042', os: 'linux' as const, osVersion: '6.1', arch: 'x64', agent: '0.1.0' };

/** An enrolled host in a folder of its own, beside a server that it can reach. */
export class LinkRig {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  readonly #links: Link[] = [];

  private constructor(
    readonly dir: string,
    readonly server: LinkServer,
  ) {}

  static async make(): Promise<LinkRig> {
    const rig = new LinkRig(mkdtempSync(join(tmpdir(), 'lockstep-link-')), await LinkServer.listen());
    await enrol({ dir: rig.dir, server: rig.server.url, token: rig.server.token, host });
    return rig;
  }

  /** A link that waits for milliseconds where a real one waits for seconds. */
  link(more: Partial<LinkOptions> = {}): Link {
    const link = new Link({
      dir: this.dir,
      host: () => host,
      log: (level, message, fields = {}) => this.lines.push({ level, message, fields }),
      onOrder: async () => ({ mechanics: 'done', detail: null, facts: [] }),
      onHalfDone: async () => [],
      onFullPicture: async () => [],
      ...more,
      timing: { baseMs: 5, capMs: 40, handshakeMs: 2_000, pingMs: 60_000, stopMs: 100, ...more.timing },
    });
    this.#links.push(link);
    return link;
  }

  async online(more: Partial<LinkOptions> = {}): Promise<Link> {
    const link = this.link(more);
    link.start();
    await this.server.until(() => this.server.peers.length > 0 && link.status().state === 'online', 'the agent is connected');
    return link;
  }

  /** Stops every link there is. */
  async stopAll(): Promise<void> {
    for (const link of this.#links.splice(0)) await link.stop();
  }

  async dispose(): Promise<void> {
    await this.stopAll();
    await this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
