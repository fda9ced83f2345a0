import { describe, expect, it } from '@jest/globals';
import { scrubLines } from './scrub-lines.js';

const UDID = '00008110-0011223344556677';

describe('lines of logs', () => {
  it('say nothing of whose they are, and still what happened', () => {
    const lines = [
      `[09:00:00.000] device ${UDID} of Zoë Krämer entered recovery`,
      'SerialNumber: F2LX1234ABCD, ECID 0x11223344556677, from 192.168.0.17 (3c:22:fb:01:02:03)',
      'mail anna@example.com about 490154203237518',
      'Restore failed (error 4013)',
    ];
    const clean = scrubLines(lines, { names: ['Zoë Krämer', 'mac-0042'], udids: [UDID] });
    const text = clean.join('\n');
    for (const secret of [
      UDID,
      'Zoë',
      'Krämer',
      'F2LX1234ABCD',
      '11223344556677',
      '192.168.0.17',
      '3c:22:fb',
      'anna@example.com',
      '490154203237518',
    ])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
    expect(text).toContain('entered recovery');
    expect(clean.at(-1)).toBe('Restore failed (error 4013)');
  });

  it('are others in another session', () => {
    const [a, b] = [1, 2].map(() => scrubLines([`device ${UDID}`], { names: [], udids: [UDID] })[0]);
    expect(a).not.toBe(b);
  });
});
