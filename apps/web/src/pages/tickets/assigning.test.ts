import { describe, expect, it } from '@jest/globals';
import { assigneeOf, choices, chosen, NOBODY, OTHER } from './assigning.js';

const me = { id: 'me-id', name: 'Ann' };
const bo = { personId: 'bo-id', name: 'Bo' };
const team = { personId: null, name: 'Field team' };

describe('giving a ticket to somebody', () => {
  it('offers nobody, oneself, the others, and somebody who has to be typed', () => {
    expect(choices([{ personId: me.id, name: me.name }, bo, team], null, me)).toEqual([
      { value: NOBODY, label: 'nobody' },
      { value: 'me-id', label: 'Ann (you)' },
      { value: 'bo-id', label: 'Bo' },
      { value: '=Field team', label: 'Field team' },
      { value: OTHER, label: 'somebody else…' },
    ]);
  });
  it('offers whoever has it now, once', () => {
    expect(choices([], team, me).map((c) => c.value)).toEqual([NOBODY, 'me-id', '=Field team', OTHER]);
    expect(choices([team], team, me).filter((c) => c.value === chosen(team))).toHaveLength(1);
    expect(choices([], { personId: me.id, name: 'Ann' }, me).filter((c) => c.value === me.id)).toHaveLength(1);
  });
  it('asks for what was chosen', () => {
    for (const now of [null, bo, team]) {
      const asked = assigneeOf(chosen(now));
      expect(asked).toEqual(now === null ? null : now.personId === null ? { name: now.name } : { personId: now.personId });
    }
    expect(assigneeOf(OTHER)).toBeUndefined();
  });
  it('is not misled by names that look like a choice', () => {
    const odd = { personId: null, name: '?' };
    expect(assigneeOf(chosen(odd))).toEqual({ name: '?' });
    expect(assigneeOf(chosen({ personId: null, name: '=x' }))).toEqual({ name: '=x' });
  });
});
