import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_VIEW } from './fleet-view.js';
import { offer, patchDetail, patchDetailRow, patchPages, RowMemory, type RowPages, withRun } from './patch.js';
import { detail, row, run } from './rows.fixture.js';
import { changeWords } from './words.js';

const pages = (...sizes: [string[], string | null][]): RowPages => ({
  pages: sizes.map(([ids, next]) => ({ items: ids.map((id) => row({ id })), next })),
  pageParams: sizes.map((_, i) => i),
});
const ids = (data: RowPages) => data.pages.flatMap((p) => p.items.map((r) => r.id));

describe('a patch of the list', () => {
  const data = pages([['a', 'b'], 'x'], [['c'], null]);
  it('replaces the row where it stands', () => {
    const next = patchPages(data, [row({ id: 'c', revision: 2, health: 'broken' })]);
    expect(next.pages[1]?.items[0]?.health).toBe('broken');
    expect(ids(next)).toEqual(['a', 'b', 'c']);
    expect(next.pages[0]).toBe(data.pages[0]);
  });
  it('ignores an older or equal revision', () => {
    expect(patchPages(data, [row({ id: 'a', revision: 1, health: 'broken' }), row({ id: 'b', revision: 0 })])).toBe(data);
  });
  it('adds nothing', () => expect(patchPages(data, [row({ id: 'z', revision: 9 })])).toBe(data));
  it('keeps order, ids and the highest revision, whatever comes in whatever order', () => {
    const patch = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'z'), revision: fc.integer({ min: 0, max: 9 }) }));
    fc.assert(
      fc.property(fc.array(patch), (batches) => {
        let now = data;
        const memory = new RowMemory();
        for (const batch of batches) now = patchPages(now, memory.take(batch.map((b) => row(b))));
        expect(ids(now)).toEqual(['a', 'b', 'c']);
        for (const r of now.pages.flatMap((p) => p.items)) {
          const told = batches
            .flat()
            .filter((b) => b.id === r.id)
            .map((b) => b.revision);
          expect(r.revision).toBe(Math.max(1, ...told));
        }
      }),
    );
  });
});

describe('rows that are not in the list', () => {
  const full = pages([['a', 'b'], null]);
  it('are offered when they belong', () => expect(offer(full, DEFAULT_VIEW, [row({ id: 'n' })], [])).toEqual(['n']));
  it('are not offered when they do not, or stand there already', () => {
    expect(offer(full, { ...DEFAULT_VIEW, health: ['broken'] }, [row({ id: 'n' })], [])).toEqual([]);
    expect(offer(full, DEFAULT_VIEW, [row({ id: 'a', revision: 5 })], [])).toEqual([]);
  });
  it('are not offered when they would stand on a page that is not loaded', () => {
    const begun = pages([['a', 'b'], 'more']);
    expect(offer(begun, DEFAULT_VIEW, [row({ id: 'z' })], [])).toEqual([]);
    expect(offer(begun, DEFAULT_VIEW, [row({ id: 'z', health: 'broken' })], [])).toEqual(['z']);
  });
  it('are offered once, and withdrawn when they no longer belong', () => {
    const broken = { ...DEFAULT_VIEW, health: ['broken' as const] };
    const once = offer(full, broken, [row({ id: 'n', health: 'broken' })], []);
    expect(offer(full, broken, [row({ id: 'n', health: 'broken', revision: 2 })], once)).toBe(once);
    expect(offer(full, broken, [row({ id: 'n', health: 'healthy', revision: 3 })], once)).toEqual([]);
  });
});

describe('the memory of rows', () => {
  it('holds a list that was read before a patch against the patch', () => {
    const memory = new RowMemory();
    memory.take([row({ revision: 7, health: 'broken' })]);
    expect(memory.freshest(row({ revision: 6 })).health).toBe('broken');
    expect(memory.freshest(row({ revision: 8, health: 'waiting' })).health).toBe('waiting');
  });
  it('tells each change of health once, of attached pairs that were known', () => {
    const memory = new RowMemory();
    const tell = (rows: ReturnType<typeof row>[]) => {
      const changes = memory.changes(rows);
      memory.take(rows);
      return changes.map((c) => `${c.from}>${c.row.health}`);
    };
    expect(tell([row({ revision: 1, health: 'healthy' })])).toEqual([]);
    expect(tell([row({ revision: 2, health: 'broken' })])).toEqual(['healthy>broken']);
    expect(tell([row({ revision: 2, health: 'broken' })])).toEqual([]);
    expect(tell([row({ revision: 3, health: 'broken', seenAt: null })])).toEqual([]);
    expect(tell([row({ revision: 4, health: 'unknown', presence: 'away' })])).toEqual([]);
  });
});

describe('what is read out', () => {
  const change = (n: number, health: 'broken' | 'healthy') => ({
    row: row({ id: `${n}`, deviceName: `P${n}\u202e`, health }),
    from: 'unknown' as const,
  });
  it('names few', () => expect(changeWords([change(1, 'broken')], (h) => h)).toBe('P1\ufffd on MBP-0231: now broken.'));
  it('counts many', () =>
    expect(changeWords([change(1, 'broken'), change(2, 'broken'), change(3, 'broken'), change(4, 'healthy')], (h) => h)).toBe(
      '4 pairs changed: 3 now broken, 1 now healthy.',
    ));
});

describe('a patch of one pair', () => {
  const old = detail({ pair: row({ revision: 5 }), runs: [run({ state: 'received' })] });
  it('takes a newer or equal revision, and no older one', () => {
    const next = detail({ pair: row({ revision: 5 }), timeline: [{ at: 'x', what: 'health', to: 'broken', from: null, detail: null }] });
    expect(patchDetail(old, next).timeline).toHaveLength(1);
    expect(patchDetail(old, detail({ pair: row({ revision: 4 }) }))).toBe(old);
    expect(patchDetail(undefined, next)).toBe(next);
  });
  it('never moves a run back', () => {
    expect(patchDetail(old, detail({ pair: row({ revision: 5 }), runs: [run({ state: 'sent' })] })).runs[0]?.state).toBe('received');
    expect(patchDetail(old, detail({ pair: row({ revision: 5 }), runs: [run({ state: 'judged' })] })).runs[0]?.state).toBe('judged');
  });
  it('takes a newer row of the same pair only', () => {
    expect(patchDetailRow(old, row({ revision: 6, health: 'broken' })).pair.health).toBe('broken');
    expect(patchDetailRow(old, row({ revision: 5 }))).toBe(old);
    expect(patchDetailRow(old, row({ revision: 9, id: 'other' }))).toBe(old);
  });
});

describe('a run that was just asked for', () => {
  it('stands first and occupies the pair until it is over', () => {
    const asked = withRun(detail(), run());
    expect(asked.runs.map((r) => r.id)).toEqual(['r1']);
    expect(asked.target.activeRun).toEqual({ fix: 'F11', id: 'r1' });
    const over = withRun(asked, run({ state: 'cancelled' }));
    expect([over.runs[0]?.state, over.target.activeRun]).toEqual(['cancelled', null]);
  });
  it('that waits for a yes occupies nothing but its own fix, and goes on from there', () => {
    const waits = withRun(detail(), run({ state: 'awaiting-approval' }));
    expect([waits.target.activeRun, waits.target.awaiting]).toEqual([null, [{ fix: 'F11', id: 'r1' }]]);
    const approved = withRun(waits, run({ state: 'queued' }));
    expect([approved.target.activeRun, approved.target.awaiting]).toEqual([{ fix: 'F11', id: 'r1' }, []]);
    expect(withRun(approved, run({ state: 'awaiting-approval' })).runs[0]?.state).toBe('queued');
  });
  it('does not replace what the socket told meanwhile', () => {
    const ahead = detail({ runs: [run({ state: 'received' })] });
    expect(withRun(ahead, run({ state: 'queued' })).runs[0]?.state).toBe('received');
  });
});
