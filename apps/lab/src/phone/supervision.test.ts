import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  encodeLockdownPlist,
  MOBILE_CONFIG_SERVICE,
  OrganisationIdentity,
  openService,
  type PairRecord,
  readCloudConfiguration,
  readDomain,
} from '@lockstep/agent/device';
import fc from 'fast-check';
import { PhoneTrial, Talk } from '../../test/phone-trial.js';
import { provesIdentity } from './challenge.js';
import { Seeded } from './seeded.js';
import { type LabOrganisation, labOrganisation, type Supervision } from './supervision.js';

const trial = new PhoneTrial({ name: 'anna', seed: 'supervision-test' });
let record: PairRecord;
let own: LabOrganisation;
let other: LabOrganisation;

beforeAll(async () => {
  [{ record }, own, other] = await Promise.all([
    trial.records(),
    labOrganisation(new Seeded('own'), 'Own Ltd'),
    labOrganisation(new Seeded('other'), 'Other Ltd'),
  ]);
});
const supervise = (more: Partial<Supervision> = {}) =>
  trial.fresh({ supervision: { organisation: own.name, certificate: own.certificate, allowsPairing: false, ...more } });
beforeEach(() => void supervise());
afterEach(() => trial.close());
afterAll(() => trial.close());

const asOwner = () => trial.client().pairSupervised(record, OrganisationIdentity.parse(own));

describe('a supervised phone', () => {
  it("grants its organisation's computer silently, and tells who rules over it", async () => {
    const answer = await asOwner();
    if (answer.outcome !== 'accepted') throw new Error(answer.outcome);
    expect([answer.record.hasEscrowBag, trial.phone.dialog, trial.phone.trustedHosts]).toEqual([true, null, [record.hostId]]);
    const route = await trial.session(answer.record);
    expect((await readDomain(route.lockdown, 'supervision')).values).toEqual({ DeviceIsChaperoned: true });
    const connection = await openService(route, MOBILE_CONFIG_SERVICE);
    expect(await readCloudConfiguration(connection)).toEqual({ supervised: true, organisation: 'Own Ltd', allowsPairing: false });
    connection.close();
    await route.lockdown.close();
  });

  it('refuses every other computer, without a dialog', async () => {
    expect(await trial.client().pair(record, { ms: 0 })).toEqual({ outcome: 'refused', error: 'MCProtected', code: -38 });
    const stranger = OrganisationIdentity.parse(other);
    expect(await trial.client().pairSupervised(record, stranger)).toEqual({ outcome: 'refused', error: 'MCProtected', code: -38 });
    expect([trial.phone.dialog, trial.phone.trustedHosts]).toEqual([null, []]);
  });

  it('refuses all where no certificate was ever set', async () => {
    supervise({ certificate: null });
    expect(await asOwner()).toMatchObject({ outcome: 'refused', error: 'MCProtected' });
  });

  it('asks the holder where it is open to others, and not its organisation', async () => {
    supervise({ allowsPairing: true });
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'pending' });
    expect(await asOwner()).toMatchObject({ outcome: 'accepted' });
  });

  it('locked, grants without its escrow key, which is nothing to keep', async () => {
    trial.phone.lock();
    expect(await asOwner()).toEqual({ outcome: 'locked', error: 'MissingEscrowBag', code: null });
  });

  it('takes a signed challenge once, from the computer that got it, and none that was not set', async () => {
    const identity = OrganisationIdentity.parse(own);
    const talk = new Talk(trial.dial());
    const ask = async (options: Record<string, Uint8Array>, hostId = record.hostId) => {
      talk.say({ Request: 'Pair', ProtocolVersion: '2', PairRecord: { ...record.forPhone(), HostID: hostId }, PairingOptions: options });
      return talk.hear();
    };
    const challengeOf = async () =>
      ((await ask({ SupervisorCertificate: identity.certificate })).ExtendedResponse as { PairingChallenge: Uint8Array }).PairingChallenge;
    const answer = identity.answer(await challengeOf());
    expect(await ask({ ChallengeResponse: answer }, 'ANOTHER')).toMatchObject({ Error: 'MCProtected' });
    expect(await ask({ ChallengeResponse: answer })).toHaveProperty('EscrowBag');
    expect(await ask({ ChallengeResponse: answer })).toMatchObject({ Error: 'MCProtected' });
    await challengeOf();
    expect(await ask({ ChallengeResponse: identity.answer(Buffer.alloc(32)) })).toMatchObject({ Error: 'MCProtected' });
    await challengeOf();
    expect(await ask({ ChallengeResponse: encodeLockdownPlist({}) })).toMatchObject({ Error: 'MCProtected' });
  });

  it.each([
    ['supervised-closed', 'MCProtected', -38],
    ['supervised-challenge', 'MCChallengeRequired', -39],
    ['supervised-elsewhere', 'ProhibitedBySupervision', 0xe8000083],
  ] as const)('%s: Pair answers %s (%p)', async (fault, error, code) => {
    trial.fresh();
    trial.phone.setFault(fault);
    expect(await trial.client().pair(record, { ms: 0 })).toEqual({ outcome: 'refused', error, code });
    expect([trial.phone.dialog, trial.phone.supervision.supervised, trial.phone.supervision.restricted]).toEqual([null, true, true]);
    trial.phone.clearFault(fault);
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'pending' });
  });

  it('keeps the identity of the lab’s own organisation, the same for the same seed', async () => {
    const [once, again] = [await trial.phone.organisation(), await trial.fresh().organisation()];
    expect(again).toEqual(once);
    expect(OrganisationIdentity.parse(once).certificate).toBeInstanceOf(Buffer);
  });
});

describe('the proof of an identity', () => {
  it('is none once any byte of it is changed, cut or added; reading it never fails', () => {
    const identity = OrganisationIdentity.parse(own);
    const { certificate } = identity;
    const challenge = Buffer.alloc(32, 7);
    const good = identity.answer(challenge, new Date('2026-03-01T00:00:00Z'));
    expect(provesIdentity(good, challenge, certificate)).toBe(true);
    expect(provesIdentity(good, Buffer.alloc(32), certificate)).toBe(false);
    expect(provesIdentity(good, challenge, OrganisationIdentity.parse(other).certificate)).toBe(false);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] as number) ^ flip;
        expect(provesIdentity(bad, challenge, certificate)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 8 }), (cut, tail) => {
        expect(provesIdentity(Buffer.concat([good.subarray(0, cut), tail]), challenge, certificate)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
