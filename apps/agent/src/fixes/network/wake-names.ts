import { type Os, parseAvahi, parseResponderJob, readDocument, serviceOf } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin, isMissing, ranWell, whyNot } from '../look.js';
import { notDone } from '../windows-done.js';

/**
 * Has the system forget the names that it remembers: right after names were sent elsewhere, nobody should go on going there. Null when it
 * did, else a word.
 */
export async function flushNames({ ctx, signal }: FixTools): Promise<string | null> {
  const { machine } = ctx;
  switch (machine.os) {
    case 'macos': {
      const flush = await machine.run('dns-cache-flush', signal);
      if (!ranWell(flush)) return whyNot('flush', flush);
      // mDNSResponder answers for names of the internet too.
      const hup = await machine.run('responder-hup', signal);
      return ranWell(hup) ? null : whyNot('flush', hup);
    }
    case 'windows': {
      const flush = await machine.run('names-flush', signal);
      return ranWell(flush) ? null : whyNot('flush', flush);
    }
    case 'linux': {
      const flush = await machine.run('resolved-flush', signal);
      // Without systemd-resolved nobody remembers names.
      return ranWell(flush) || isMissing(flush) ? null : whyNot('flush', flush);
    }
  }
}

/**
 * F31 on Linux: remembered names are flushed, and avahi, which answers for names on the local network, is started anew. One that an
 * administrator switched off stays off.
 */
const onLinux: Steps = async (_order, tools) => {
  const { machine } = tools.ctx;
  const [fact] = parseAvahi(await machine.run('avahi-show', tools.signal));
  if (fact?.state === 'failed') return refused('responder-unreadable');
  if (fact?.state !== 'seen' || fact.kind !== 'mdns-responder') return refused('no-responder');
  if (fact.reading.state === 'disabled') return refused('disabled-by-admin');
  await begin('F31', null, tools);
  const flush = await flushNames(tools);
  const restart = await machine.run('avahi-restart', tools.signal);
  if (!ranWell(restart)) return failed(whyNot('restart', restart));
  return end('restarted', flush);
};

/** F31 on macOS: the caches are flushed and mDNSResponder, which launchd keeps running, asks anew; one that does not run is started. */
const onMacos: Steps = async (_order, tools) => {
  const { machine } = tools.ctx;
  const [fact] = parseResponderJob(await machine.run('launchctl-responder', tools.signal));
  if (fact?.state === 'failed') return refused('responder-unreadable');
  if (fact?.state !== 'seen' || fact.kind !== 'mdns-responder') return refused('no-responder');
  await begin('F31', null, tools);
  if (fact.reading.state === 'running') {
    const flush = await flushNames(tools);
    return flush === null ? end('woken', null) : failed(flush);
  }
  const start = await machine.run('responder-kickstart', tools.signal);
  if (!ranWell(start)) return failed(whyNot('start', start));
  return end('started', await flushNames(tools));
};

/**
 * F31 on Windows: remembered names are flushed and Bonjour's service, where it is installed, is started anew. Windows' own resolver cannot
 * be restarted by anybody, and a service that an administrator disabled stays so.
 */
const onWindows: Steps = async (_order, tools) => {
  const { machine } = tools.ctx;
  const doc = readDocument(await machine.run('windows-responder', tools.signal));
  const bonjour = doc.read ? serviceOf(doc.document, 'Bonjour Service') : doc;
  if (!bonjour.read) return refused('responder-unreadable');
  const [service] = bonjour.rows;
  if (service?.state === 'disabled') return refused('disabled-by-admin');
  const own = doc.read ? serviceOf(doc.document, 'Dnscache') : doc;
  if (!service && !(own.read && own.rows[0]?.state === 'running')) return refused('no-responder');
  await begin('F31', null, tools);
  const flush = await flushNames(tools);
  if (!service) return flush === null ? end('flushed', null) : failed(flush);
  const why = notDone('restart', await machine.run('bonjour-restart', tools.signal));
  return why === null ? end('restarted', flush) : failed(why);
};

/** The responder is what counts; a flush that failed is said beside. */
function end(did: string, flush: string | null): FixEnd {
  return { mechanics: 'done', detail: flush === null ? did : `${did}-not-flushed`, facts: [] };
}

export const wakeNames: Record<Os, Steps> = { linux: onLinux, macos: onMacos, windows: onWindows };
