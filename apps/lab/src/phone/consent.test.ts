import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './clock.js';
import { Consent } from './consent.js';

function holder(trustAfterMs: number | null) {
  const clock = new ManualClock();
  const taps: string[] = [];
  const consent = new Consent(clock, { trustAfterMs }, (answer, computer) => taps.push(`${answer} ${computer}`));
  return { clock, taps, consent };
}

describe('Consent', () => {
  it('is pending until somebody taps, then given to that computer alone', () => {
    const { consent, taps, clock } = holder(null);
    expect(consent.ask('mac', 'usual')).toBe('pending');
    expect(consent.dialog).toEqual({ computer: 'mac', since: clock.now() });
    clock.advance(3_600_000);
    expect(consent.ask('mac', 'usual')).toBe('pending');
    expect(consent.tap('trust')).toBe(true);
    expect(taps).toEqual(['trust mac']);
    expect(consent.ask('mac', 'usual')).toBe('given');
    expect(consent.ask('other', 'usual')).toBe('pending');
  });

  it('asks anew once the pairing was made', () => {
    const { consent } = holder(null);
    consent.ask('mac', 'usual');
    consent.tap('trust');
    consent.spend('mac');
    expect(consent.ask('mac', 'usual')).toBe('pending');
  });

  it("stays refused after Don't Trust until the cable is pulled", () => {
    const { consent } = holder(null);
    consent.ask('mac', 'usual');
    consent.tap('dont-trust');
    expect(consent.ask('mac', 'usual')).toBe('refused');
    expect(consent.dialog).toBeNull();
    consent.reset();
    expect(consent.ask('mac', 'usual')).toBe('pending');
  });

  it('knows no tap without a dialog', () => {
    const { consent, taps } = holder(null);
    expect(consent.tap('trust')).toBe(false);
    expect(taps).toEqual([]);
  });

  it('lets the holder tap by himself after his time, not before', () => {
    const { consent, clock, taps } = holder(1_500);
    consent.ask('mac', 'usual');
    clock.advance(1_499);
    expect(consent.ask('mac', 'usual')).toBe('pending');
    clock.advance(1);
    expect(taps).toEqual(['trust mac']);
    expect(consent.ask('mac', 'usual')).toBe('given');
  });

  it('rings no more after the cable was pulled', () => {
    const { consent, clock, taps } = holder(1_500);
    consent.ask('mac', 'usual');
    consent.reset();
    clock.advance(10_000);
    expect(taps).toEqual([]);
  });

  it('idle: only a tap helps; unseen: nothing does; denies: refused at once', () => {
    const idle = holder(10);
    idle.consent.ask('mac', 'idle');
    idle.clock.advance(60_000);
    expect(idle.consent.ask('mac', 'idle')).toBe('pending');
    expect(idle.consent.tap('trust')).toBe(true);

    const unseen = holder(10);
    expect(unseen.consent.ask('mac', 'unseen')).toBe('pending');
    expect(unseen.consent.tap('trust')).toBe(false);

    expect(holder(10).consent.ask('mac', 'denies')).toBe('refused');
  });
});
