import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, UDID } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import { ProblemError } from '../platform/index.js';
import { AnswerBody } from './answering.js';

const MIN = 60_000;
let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
let pairId: string;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

type Change = Parameters<typeof facts>[0];
/** No computer sees the phone. */
const UNSEEN: Change = {
  'usb-bus': { devices: [] },
  'mux-list': { devices: [], unreadable: 0 },
  'usb-device': 'absent',
  'mux-device': 'absent',
  lockdown: 'gone',
  'trust-session': 'gone',
  'service-start': 'gone',
  'passcode-lock': 'gone',
};
const tell = (change: Change = {}) => {
  rooms.clock.advance(1_000);
  return agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change, { at: rooms.clock.date() }) }));
};
const answer = (question: AnswerBody['question'], word: string, caller = TECHNICIAN) =>
  rooms.pairs.answer(pairId, AnswerBody.parse({ question, answer: word }), caller, '127.0.0.1');
const detail = () => rooms.fixes.pair(pairId);
const possible = async () => (await detail()).possible.map((p) => `${p.cause} ${p.confidence}`).sort();

beforeEach(async () => {
  id = await rooms.enrol();
  agent = await rooms.connect(id);
  await tell();
  await tell(UNSEEN);
  pairId = String((await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID])).id);
});

describe('an answer', () => {
  it('changes the verdict at once, one question after another', async () => {
    expect(await detail()).toMatchObject({ pair: { presence: 'away', primary: null }, possible: [], answers: [], question: 'charging' });
    rooms.told.length = 0;
    const said = await answer('charging', 'yes');
    expect(said).toEqual({
      question: 'charging',
      answer: 'yes',
      by: { kind: 'person', id: TECHNICIAN.id, name: 'Tess' },
      at: rooms.clock.iso(),
      until: new Date(rooms.clock.now() + 15 * MIN).toISOString(),
      fresh: true,
    });
    expect(rooms.told).toContainEqual({ topic: 'pair.changed', message: { hostId: id.hostId, pairIds: [pairId] } });
    expect(await possible()).toEqual(expect.arrayContaining(['C10 0.5', expect.stringMatching(/^C19 /)]));
    expect(await detail()).toMatchObject({ question: 'unlock-effect', pair: { primary: null } });
    await answer('unlock-effect', 'nothing');
    const after = await detail();
    expect(after.pair).toMatchObject({ health: 'broken', primary: { cause: 'C10', confidence: 0.8 } });
    expect(after.possible.map((p) => p.cause)).not.toContain('C19');
    expect(after.question).toBe('cable-swap');
    expect(after.answers.map((a) => a.question)).toEqual(['unlock-effect', 'charging']);
    expect(after.timeline).toContainEqual({ at: rooms.clock.iso(), what: 'answer', to: 'charging', from: 'Tess', detail: 'yes' });
    expect((await rooms.rows('SELECT action, detail FROM audit WHERE subject_id = $1 ORDER BY id', [pairId])).map((r) => r.detail)).toEqual(
      [
        { question: 'charging', answer: 'yes' },
        { question: 'unlock-effect', answer: 'nothing' },
      ],
    );
  });

  it('is kept, and the newest counts, also for a server that reads the rows anew', async () => {
    await answer('charging', 'yes');
    rooms.clock.advance(1_000);
    await answer('charging', 'no', { ...TECHNICIAN, name: 'Ann' });
    expect(await possible()).toEqual(['C10b 0.6']);
    expect((await detail()).answers).toMatchObject([{ question: 'charging', answer: 'no', by: { name: 'Ann' } }]);
    expect(await rooms.rows('SELECT answer FROM pair_answer WHERE pair_id = $1 ORDER BY id', [pairId])).toEqual([
      { answer: 'yes' },
      { answer: 'no' },
    ]);
    rooms.pairs.recorder.forget(id.hostId);
    await tell(UNSEEN);
    expect(await possible()).toEqual(['C10b 0.6']);
  });

  it('is believed for its time only: then it is looked at again without anybody asking', async () => {
    await answer('charging', 'yes');
    await answer('unlock-effect', 'nothing');
    const due = await rooms.row('SELECT recheck_at FROM pair WHERE id = $1', [pairId]);
    expect((due.recheck_at as Date).getTime()).toBeLessThanOrEqual(rooms.clock.now() + 15 * MIN);
    for (let minutes = 0; minutes < 16; minutes++) {
      rooms.clock.advance(MIN - 1_000);
      await tell(UNSEEN);
      await rooms.pairs.sweeps.due();
    }
    const after = await detail();
    expect(after.answers.map((a) => [a.question, a.fresh])).toEqual([
      ['unlock-effect', false],
      ['charging', false],
    ]);
    // What was found stays open for want of proof, and is asked about anew.
    expect(after.question).not.toBeNull();
    // Plugged in and seen: proof closes it.
    await tell();
    expect((await detail()).pair).toMatchObject({ health: 'healthy', primary: null });
  });

  it('that is none of the question’s is refused and names the field', async () => {
    const issues = (body: unknown) => AnswerBody.safeParse(body).error?.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
    expect(issues({ question: 'charging', answer: 'maybe' })).toEqual(['answer: must be one of yes, no']);
    expect(issues({ question: 'alert', answer: 'yes' })?.[0]).toMatch(/^answer: must be one of none, liquid/);
    expect(issues({ question: 'weather', answer: 'yes' })?.[0]).toMatch(/^question: /);
    expect(issues({ question: 'charging', answer: 'yes', sure: true })?.[0]).toMatch(/sure/);
    const nobody = rooms.pairs.answer(randomUUID(), { question: 'charging', answer: 'yes' }, TECHNICIAN, '');
    await expect(nobody).rejects.toThrow(ProblemError);
  });
});
