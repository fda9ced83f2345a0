import { describe, expect, it } from '@jest/globals';
import { FAIL_REASONS, Fact } from '@lockstep/core/health';
import fc from 'fast-check';
import { commandRow, parsedCommands } from './index.js';

const STAMP = { at: '2026-11-24T09:00:00Z', probe: 'p', tookMs: 0 };
/** Bits of the tools' own languages, so that random text gets past the first check now and then. */
const WORDS = fc.constantFrom(
  '{"__REALTIME_TIMESTAMP":"1795510800000000","MESSAGE":"usb 1-2: USB disconnect, device number 7"}',
  '{"__REALTIME_TIMESTAMP":"1","MESSAGE":[1,2]}',
  'usb 1-2: new high-speed USB device number 7 using xhci_hcd',
  'LoadState=loaded',
  'ActiveState=active',
  'Type=wayland',
  'Class=user',
  '1 0 S systemd',
  '{"nftables":[{"chain":{"hook":"input"}},{"rule":{}}]}',
  '-P INPUT DROP',
  '7: block id 05ac:12a8',
  'usbmuxd\t1.1.1\tinstalled',
  '\u0000',
  '\ud800',
  '='.repeat(2_000),
);
const output = fc.array(fc.oneof(WORDS, fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 8 }).map((l) => l.join('\n'));

describe('a parser', () => {
  it.each(parsedCommands().map((c) => c.id))('of %s makes facts of any output, and never dies of it', (id) => {
    const { parse } = commandRow(id);
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: -1, max: 256 }), { nil: null }),
        output,
        output,
        fc.option(fc.constantFrom(...FAIL_REASONS), { nil: null }),
        (exit, stdout, stderr, failure) => {
          for (const fact of parse?.({ exit, stdout, stderr, failure }) ?? []) {
            const parsed = Fact.safeParse({ ...fact, ...STAMP });
            // Text of other people may be unfit for storing: that is found where facts are stamped. Shapes are the parser's.
            if (!parsed.success) expect(parsed.error.issues.every((i) => i.code === 'custom' || i.code === 'too_big')).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(parsedCommands().map((c) => c.id))('of %s says why when the tool gave no answer', (id) => {
    for (const failure of ['timeout', 'missing-tool', 'denied', 'too-large', 'closed'] as const) {
      const facts = commandRow(id).parse?.({ exit: null, stdout: '', stderr: '', failure }) ?? [];
      expect(facts.map((f) => f.state === 'failed' && f.reason)).toEqual(facts.map(() => failure));
    }
  });
});
