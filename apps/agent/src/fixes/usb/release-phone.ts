import { normaliseUdid } from '@lockstep/core/health';
import { readClaimants, readDocument, readUsbipd } from '../../machine/index.js';
import { pause, surveyHost } from '../../probes/index.js';
import { failed, refused, type Steps } from '../fix.js';

/** Which phone an instance id of the bus names: its last part is the phone's serial number. */
const udidIn = (instance: string) => normaliseUdid(instance.slice(instance.lastIndexOf('\\') + 1));

/**
 * F49 on Windows: has usbipd-win give this phone back to Windows. Other redirectors and virtual machines let go of a phone in their own
 * windows only: that is for whoever works in them.
 */
export const releasePhone: Steps = async ({ udid }, tools) => {
  const { ctx, cap, waits, signal } = tools;
  if (udid === null) return refused('bad-parameters');
  const state = readUsbipd(await ctx.machine.run('usbipd-state', signal));
  if (!state.read && state.reason !== 'missing-tool') return refused('usbipd-unreadable');
  const attached = state.read ? state.attached.find((d) => udidIn(d.instance) === udid) : undefined;
  if (!attached) {
    const read = readDocument(await ctx.machine.run('windows-now', signal));
    const claimants = read.read ? readClaimants(read.document) : null;
    if (!claimants?.read) return refused('programs-unreadable');
    const others = claimants.reading.programs.some(
      (p) => p.name !== 'usbipd' && (p.kind === 'virtual-machine' || p.kind === 'usb-redirector'),
    );
    return refused(others ? 'by-hand' : 'not-needed');
  }

  await cap.acts('F49', udid);
  tools.progress('acting');
  const ran = await ctx.machine.run('usbipd-detach', signal, { busid: attached.busid });
  if (ran.failure !== null || ran.exit !== 0) return failed('detach-failed');
  tools.progress('settling');
  const until = performance.now() + waits.reattach;
  for (;;) {
    const now = await surveyHost(ctx, [udid], signal);
    if (now.listed.some((d) => d.udid === udid)) return { mechanics: 'done', detail: 'listed', facts: now.facts };
    if (performance.now() >= until) return { mechanics: 'done', detail: 'detached', facts: now.facts };
    await pause(waits.look, signal);
  }
};
