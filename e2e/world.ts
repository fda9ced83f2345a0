import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fleet, startFleet } from '@lockstep/lab';
import type { Browser, Page } from 'playwright-core';
import { freshDatabase, type TestDatabase } from '../apps/server/test/database.js';
import { openBrowser, setUpAdmin } from './browser.js';
import { ServerProcess } from './server-process.js';

/** The whole house: a real database, the real server as a process, agents on lab phones, an admin in a real browser. */
export interface World {
  database: TestDatabase;
  server: ServerProcess;
  fleet: Fleet;
  browser: Browser;
  page: Page;
  /** What the page could not load or threw. */
  complaints: string[];
  end(): Promise<void>;
}

export async function startWorld(size: { computers: number; phones: number; seed: string }): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'ls-world-'));
  const undo: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const end = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const database = await freshDatabase();
    undo.push(() => database.drop());
    const server = await ServerProcess.start({ databaseUrl: database.url, dir: join(dir, 'server') });
    undo.push(() => server.stop());
    const fleet = await startFleet({ server: server.url, tokenFile: server.enrolTokenFile, dir: join(dir, 'fleet'), calm: true, ...size });
    undo.push(() => fleet.close());
    const browser = await openBrowser();
    undo.push(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const complaints: string[] = [];
    page.on('pageerror', (e) => complaints.push(e.message));
    page.on('console', (m) => {
      if (m.type() === 'error') complaints.push(m.text());
    });
    await setUpAdmin(page, server.url, server.setupToken());
    return { database, server, fleet, browser, page, complaints, end };
  } catch (error) {
    await end();
    throw error;
  }
}
