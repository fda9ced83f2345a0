import { z } from 'zod';
import { frontSession, type Ran, readDocument, readStoreApps, type WindowsDocument, type WindowsProcess } from '../../machine/index.js';
import type { FixTools } from '../fix.js';
import { programsIn } from './apple-service.js';

/** What the Store's apps run as multiplexer, in the session of whoever opened them. */
const PROCESS = 'AppleMobileDeviceProcess';

/** The Store's app on this computer: where its process runs, and whether it could be opened. */
export interface StoreAppLook {
  installed: boolean;
  /** Its process in the session in front. */
  here: WindowsProcess | null;
  /** Its process in another person's session. */
  elsewhere: WindowsProcess | null;
}

/** Null when it cannot be read. */
export async function lookAtStoreApp({ ctx, signal }: FixTools): Promise<StoreAppLook | null> {
  const read = readDocument(await ctx.machine.run('windows-store-app', signal));
  if (!read.read) return null;
  const apps = readStoreApps(read.document);
  return apps.read ? { installed: apps.rows.length > 0, ...whereItRuns(read.document) } : null;
}

function whereItRuns(document: WindowsDocument): Pick<StoreAppLook, 'here' | 'elsewhere'> {
  const front = frontSession(document);
  const running = programsIn(document).filter((p) => p.name === PROCESS);
  return {
    here: running.find((p) => front !== null && p.session === front) ?? null,
    elsewhere: running.find((p) => p.session !== front) ?? null,
  };
}

/** Opens the app in the session in front. Null when that was done, else a word for why not. */
export async function openStoreApp({ ctx, signal }: FixTools): Promise<string | null> {
  return whyNotOpened(await ctx.machine.run('store-app-start', signal));
}

function whyNotOpened(ran: Ran): string | null {
  if (ran.failure !== null) return `open-${ran.failure}`;
  const read = readDocument(ran);
  const started = read.read ? read.document.section('started', z.string()) : null;
  if (started?.read) return started.rows.length > 0 ? null : 'open-failed';
  return started?.reason === 'denied' ? 'open-denied' : 'open-failed';
}
