import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type PairRecord, upgradeToTls } from '@lockstep/agent/device';
import { PhoneTrial, Talk } from '../../test/phone-trial.js';
import { ManualClock } from './clock.js';
import { REQUEST_PAIR } from './services.js';

const trial = new PhoneTrial({ name: 'anna', seed: 'lockdown-test' });
let record: PairRecord;

beforeAll(async () => {
  ({ record } = await trial.records());
});
beforeEach(() => void trial.fresh());
afterEach(() => trial.close());

describe('services', () => {
  const start = async (name: string, paired: PairRecord) => {
    const lockdown = trial.client();
    await lockdown.startSession(paired);
    const { port, tls } = await lockdown.startService(name);
    const raw = trial.dial(port);
    expect(trial.phone.connect(port)).toBeNull();
    const stream = tls ? await upgradeToTls(raw, paired) : raw;
    return { tls, talk: new Talk(stream) };
  };

  it('speak TLS and answer: diagnostics, notices, heartbeat', async () => {
    const paired = await trial.pair(record);
    const { talk: diagnostics, tls } = await start('com.apple.mobile.diagnostics_relay', paired);
    expect(tls).toBe(true);
    diagnostics.say({ Request: 'IORegistry', EntryClass: 'AppleSmartBattery' });
    expect(await diagnostics.hear()).toMatchObject({ Status: 'Success', Diagnostics: { IORegistry: { CycleCount: 212 } } });
    diagnostics.say({ Request: 'Nonsense' });
    expect(await diagnostics.hear()).toEqual({ Status: 'UnknownRequest' });
    diagnostics.say({ Request: 'Goodbye' });
    expect(await diagnostics.hear()).toEqual({ Status: 'Success' });

    const { talk: notices } = await start('com.apple.mobile.notification_proxy', paired);
    notices.say({ Command: 'ObserveNotification', Name: 'com.example.seen' });
    notices.say({ Command: 'PostNotification', Name: 'com.example.unseen' });
    notices.say({ Command: 'PostNotification', Name: 'com.example.seen' });
    expect(await notices.hear()).toEqual({ Command: 'RelayNotification', Name: 'com.example.seen' });
    notices.say({ Command: 'Shutdown' });
    expect(await notices.hear()).toEqual({ Command: 'ProxyDeath' });

    const { talk: heartbeat } = await start('com.apple.mobile.heartbeat', paired);
    expect(await heartbeat.hear()).toEqual({ Command: 'Marco', Interval: 10 });
  });

  it('heartbeat gives up on a computer that does not answer', async () => {
    const clock = new ManualClock();
    trial.fresh({ clock });
    // The clock has to be near the certificates' dates for nothing here: neither side checks them.
    const paired = await trial.pair(record);
    const { talk: heartbeat } = await start('com.apple.mobile.heartbeat', paired);
    clock.advance(0);
    expect(await heartbeat.hear()).toMatchObject({ Command: 'Marco' });
    heartbeat.say({ Command: 'Polo' });
    await new Promise((done) => setTimeout(done, 50));
    clock.advance(5_000);
    expect(await heartbeat.hear()).toMatchObject({ Command: 'Marco' });
    clock.advance(10_000);
    expect(await heartbeat.hear()).toEqual({ Command: 'SleepyTime' });
  });

  it('tell an unpaired computer when Trust was tapped', async () => {
    const lockdown = trial.client();
    const { port, tls } = await lockdown.startService('com.apple.mobile.insecure_notification_proxy');
    expect(tls).toBe(false);
    const notices = new Talk(trial.dial(port));
    notices.say({ Command: 'ObserveNotification', Name: REQUEST_PAIR });
    await trial.client().pair(record, { ms: 0 });
    trial.phone.tapTrust();
    expect(await notices.hear()).toEqual({ Command: 'RelayNotification', Name: REQUEST_PAIR });
  });

  it('close a port that nobody came to', async () => {
    const clock = new ManualClock();
    trial.fresh({ clock });
    const { port } = await trial.client().startService('com.apple.mobile.insecure_notification_proxy');
    clock.advance(60_000);
    expect(trial.phone.connect(port)).toBeNull();
  });

  it('want the escrow bag that was given, if any is shown', async () => {
    const paired = await trial.pair(record);
    const pairing = { hostId: paired.hostId };
    const session = await trial.phone.startSession(pairing.hostId, undefined);
    if ('error' in session) throw new Error(session.error);
    expect(trial.phone.startService('com.apple.mobile.heartbeat', session, Buffer.alloc(32))).toEqual({ error: 'EscrowLocked' });
    expect(
      trial.phone.startService('com.apple.mobile.heartbeat', session, Buffer.from(session.pairing.escrowBag, 'base64')),
    ).toHaveProperty('Port');
    expect(trial.phone.startService('com.apple.no.such.service', session, null)).toEqual({ error: 'InvalidService' });
  });
});
