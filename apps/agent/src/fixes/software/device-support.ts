import type { Fact, Reading } from '@lockstep/core/health';
import { compareVersions } from '@lockstep/core/software';
import type { Os } from '../../machine/index.js';
import { pause, personInFront } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin, lookAt, ranWell, seenIn } from '../look.js';

/** What is left of the run's time when nobody has clicked, ms. */
const LEFT_MS = 30_000;
/** Between two looks at the version go so many of the usual ones: the person clicks, a download runs, an installer ends. */
const LOOKS = 5;

/**
 * F21 on macOS: the agent that fetches support for newer phones is started, which offers it in a window of its own, and the person in front
 * is awaited, who installs it. It is done when the version of Apple's framework for phones has risen: nothing else counts. Refused where
 * something keeps the package away, since then the window says only that it is not available.
 */
const onMacos: Steps = async (_order, tools) => {
  const { machine } = tools.ctx;
  const { signal } = tools;
  const support = await lookAt('device-support', tools);
  const reading = seenIn(support.fact);
  if (!reading) return refused('support-unreadable', support.facts);
  if (reading.blockedBy.length > 0) return refused('updates-blocked', support.facts);
  const before = await versionNow(tools);
  if (before.version === null) return refused('version-unreadable', before.facts);
  const person = await personInFront(machine, signal);
  if (!person.there) return refused('nobody-in-front');
  await begin('F21', null, tools);
  if (!ranWell(await machine.run('updater-agent-start', signal, { uid: person.uid }))) return failed('updater-not-started');
  tools.progress('awaiting-holder', 'install-device-support');
  const until = performance.now() + Math.max(tools.timeLeft() - LEFT_MS, tools.timeLeft() / 2);
  for (;;) {
    const now = await versionNow(tools);
    if (now.version !== null && (compareVersions(now.version, before.version) ?? 0) > 0)
      return { mechanics: 'done', detail: 'installed', facts: now.facts };
    if (performance.now() >= until) return { mechanics: 'not-acted', detail: 'not-installed', facts: now.facts };
    await pause(LOOKS * tools.waits.look, signal);
  }
};

async function versionNow(tools: FixTools): Promise<{ version: string | null; facts: Fact[] }> {
  const { fact, facts } = await lookAt('apple-software', tools);
  return { version: frameworkOf(seenIn(fact)), facts };
}

function frameworkOf(software: Reading<'apple-software'> | null): string | null {
  return software?.items.find((i) => i.id === 'mobile-device-framework')?.version ?? null;
}

/** On Windows the support comes with Apple's programs (F22). */
export const installDeviceSupport: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: onMacos, windows: 'unsupported' };
