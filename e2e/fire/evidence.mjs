// What is read when the fire is out.

const ms = (/** @type {Date | null} */ at) => at?.getTime() ?? null;

/**
 * @param {import('./scene.mjs').Scene} scene
 * @param {{ from: number, to: number, asked: readonly import('./asker.mjs').Asked[] }} during when orders could be given, ms
 * @returns {Promise<import('./verdict.mjs').Evidence>}
 */
export async function gather(scene, { from, to, asked }) {
  const { talkers } = scene;
  if (!talkers) throw new Error('the scene is not open');
  const runs = await scene.query('SELECT * FROM fix_run ORDER BY asked_at');
  const tickets = await scene.query('SELECT * FROM ticket ORDER BY number');
  const events = await scene.query('SELECT ticket_id, kind FROM ticket_event ORDER BY id');
  const quarantine = await scene.query('SELECT host_id, seq, field, reason FROM quarantine ORDER BY id');
  const suspected = await scene.query(`SELECT host_id FROM finding WHERE cause = 'L01'`);
  return {
    facts: {
      acknowledged: talkers.acknowledged,
      lookedUp: talkers.lookedUp,
      missing: [...talkers.missing],
      quarantined: quarantine.rows.map((q) => `${q.host_id}: message ${q.seq} is in quarantine: ${q.field} ${q.reason}`),
    },
    asked,
    runs: runs.rows.map((r) => ({
      id: r.id,
      hostId: r.host_id,
      udid: r.udid,
      fix: r.fix,
      state: r.state,
      verdict: r.verdict,
      mechanics: r.mechanics,
      detail: r.detail,
      askedAt: r.asked_at.getTime(),
      settledAt: ms(r.settled_at),
    })),
    effects: scene.groups.flatMap((group) => group.effects()).filter(({ at }) => at >= from && at <= to),
    tickets: tickets.rows.map((t) => ({
      id: t.id,
      number: t.number,
      hostId: t.host_id,
      udid: t.udid,
      family: t.family,
      openedAt: t.opened_at.getTime(),
      closedAt: ms(t.closed_at),
      reopened: t.reopened,
    })),
    events: events.rows.map((e) => ({ ticketId: e.ticket_id, kind: e.kind })),
    leftOver: [
      ...tickets.rows.filter((t) => t.state === 'open').map((t) => `the ticket ${t.number} is still open: ${t.title}`),
      ...(await unhealthyOf(scene)),
      // An agent that was killed and came back is not two agents with one key.
      ...suspected.rows.map((f) => `${f.host_id} was suspected of sharing its key`),
    ],
  };
}

/** @param {import('./scene.mjs').Scene} scene @returns {Promise<string[]>} */
async function unhealthyOf(scene) {
  const { rows } = await scene.query(
    `SELECT host_id, udid, health, presence, primary_cause FROM pair WHERE host_id = ANY($1::uuid[]) AND (health <> 'healthy' OR presence <> 'attached')`,
    [scene.hostIds],
  );
  return rows.map(
    (p) => `${p.host_id} ${p.udid} is ${p.presence} and ${p.health}${p.primary_cause === null ? '' : ` (${p.primary_cause})`}`,
  );
}
