import type { FailReason } from '../src/health/index.js';
import type { DeviceFacts, DeviceKind, HostFacts, HostKind } from './case.js';
import type { Change } from './given.js';

/** These probes of the phone failed. */
export const blindTo = (reason: FailReason, ...kinds: readonly DeviceKind[]): Change => ({
  device: Object.fromEntries(kinds.map((kind) => [kind, { failed: reason }])) as DeviceFacts,
});

/** These probes of the computer failed. */
export const hostBlindTo = (reason: FailReason, ...kinds: readonly HostKind[]): Change => ({
  host: Object.fromEntries(kinds.map((kind) => [kind, { failed: reason }])) as HostFacts,
});

/** These facts were never sent. */
export const neverTold = (...kinds: readonly DeviceKind[]): Change => ({
  device: Object.fromEntries(kinds.map((kind) => [kind, 'unread'])) as DeviceFacts,
});

/** These facts are as good as before, and were last looked at so long ago. */
export const stale =
  (agoS: number, ...kinds: readonly DeviceKind[]): Change =>
  (so) => ({
    device: Object.fromEntries(
      kinds.map((kind) => [kind, { read: so.device?.[kind] as never, seenAgoS: agoS, atAgoS: agoS }]),
    ) as DeviceFacts,
  });
