// The judge: from what was acknowledged, what happened, and what the rows say, to what was lost or done twice. Pure.

/** States in which a run is over, and says how. */
const OVER = new Set(['judged', 'expired', 'refused', 'cancelled']);
const VERDICTS = new Set(['cured', 'unchanged', 'worse', 'waiting', 'unknown']);
/** A ticket whose cause returns within this time is reopened; a second one would be the same case twice. ms */
const REOPEN_MS = 86_400_000;

/**
 * @typedef {object} Run a row of fix_run, times in ms
 * @property {string} id
 * @property {string} hostId
 * @property {string | null} udid
 * @property {string} fix
 * @property {string} state
 * @property {string | null} verdict
 * @property {string | null} mechanics
 * @property {string | null} detail
 * @property {number} askedAt
 * @property {number | null} settledAt
 *
 * @typedef {object} Ticket a row of ticket, times in ms
 * @property {string} id
 * @property {number} number
 * @property {string} hostId
 * @property {string} udid
 * @property {string} family
 * @property {number} openedAt
 * @property {number | null} closedAt
 * @property {number} reopened
 *
 * @typedef {{ ticketId: string, kind: string }} TicketEvent in order
 *
 * @typedef {object} Evidence
 * @property {{ acknowledged: number, lookedUp: number, missing: readonly string[], quarantined: readonly string[] }} facts
 * @property {readonly import('./asker.mjs').Asked[]} asked
 * @property {readonly Run[]} runs
 * @property {readonly import('./computers.mjs').Effect[]} effects what happened while orders could be given
 * @property {readonly Ticket[]} tickets
 * @property {readonly TicketEvent[]} events
 * @property {readonly string[]} leftOver what should have been well again and is not
 *
 * @typedef {object} Row
 * @property {string} what
 * @property {readonly string[]} found a sentence for each
 * @property {number} checked
 * @property {string} of
 */

/**
 * @param {Evidence} evidence
 * @returns {Row[]} four rows, in the order in which they are printed, and a fifth for what the fire left behind
 */
export function judgeFire(evidence) {
  const { facts, runs, effects, tickets, events } = evidence;
  const openings = events.filter((e) => e.kind === 'filed' || e.kind === 'reopened').length;
  return [
    { what: 'acknowledged facts lost', found: lost(evidence), checked: facts.lookedUp, of: 'acknowledged messages, each looked up' },
    { what: 'effects doubled', found: doubled(evidence), checked: effects.length, of: `effects of ${runs.length} orders` },
    { what: 'runs without a named state', found: nameless(evidence), checked: runs.length, of: 'runs' },
    { what: 'tickets doubled', found: ticketsDoubled(tickets, events), checked: tickets.length, of: `tickets, opened ${openings} times` },
    { what: 'left over', found: evidence.leftOver, checked: tickets.length, of: 'tickets and all phones, after the fire' },
  ];
}

/** @param {Evidence} evidence @returns {string[]} */
function lost({ facts }) {
  const unseen = facts.acknowledged - facts.lookedUp;
  return [
    ...facts.missing,
    // The number of such a message is taken, what it told is not.
    ...facts.quarantined,
    ...(unseen === 0 ? [] : [`${unseen} acknowledged messages were never looked up`]),
  ];
}

/**
 * Effects beyond one per order: each order may ask the holder once, pair once, restart once. What no order accounts for is one too many.
 * @param {Evidence} evidence
 * @returns {string[]}
 */
function doubled({ asked, runs, effects }) {
  const found = [];
  const counts = countEffects(runs, effects);
  for (const effect of counts.unordered) found.push(`${sentenceOf(effect)}: nobody ordered that`);
  for (const [run, counted] of counts.byRun)
    for (const [effect, n] of counted) if (n > 1) found.push(`the run ${run.id} (${run.fix}) has ${n} times the effect ${effect}`);
  // The same click, with the same key, is the same order.
  const byKey = new Map();
  for (const { key, runId } of asked) {
    const first = byKey.get(key) ?? runId;
    byKey.set(key, first);
    if (first !== runId) found.push(`one request made two runs: ${first} and ${runId}`);
  }
  return found;
}

/**
 * Each effect belongs to the order that was asked for last before it: a computer carries out one at a time.
 * @param {readonly Run[]} runs
 * @param {readonly import('./computers.mjs').Effect[]} effects
 */
function countEffects(runs, effects) {
  /** @type {Map<Run, Map<string, number>>} */
  const byRun = new Map();
  const unordered = [];
  for (const effect of effects) {
    const isRestart = effect.effect === 'restart-asked';
    const run = runs
      .filter(
        (r) =>
          r.hostId === effect.hostId && r.askedAt <= effect.at && (r.fix === 'F08') === isRestart && (isRestart || r.udid === effect.udid),
      )
      .reduce((/** @type {Run | null} */ last, r) => (last === null || r.askedAt > last.askedAt ? r : last), null);
    if (run === null) {
      unordered.push(effect);
      continue;
    }
    const counted = byRun.get(run) ?? new Map();
    byRun.set(run, counted.set(effect.effect, (counted.get(effect.effect) ?? 0) + 1));
  }
  return { byRun, unordered };
}

/** @param {import('./computers.mjs').Effect} effect */
function sentenceOf({ hostId, effect, udid, at }) {
  return `${effect} on ${hostId}${udid === null ? '' : ` ${udid}`} at ${new Date(at).toISOString()}`;
}

/** @param {Evidence} evidence @returns {string[]} */
function nameless({ asked, runs, effects }) {
  const found = [];
  const known = new Set(runs.map((r) => r.id));
  for (const { runId } of new Map(asked.map((a) => [a.runId, a])).values())
    if (!known.has(runId)) found.push(`the run ${runId} was answered with 202 and is not in the rows`);
  const { byRun } = countEffects(runs, effects);
  for (const run of runs) {
    const name = `the run ${run.id} (${run.fix}, ${run.state})`;
    if (!OVER.has(run.state)) found.push(`${name} is not over`);
    else if (run.state === 'judged' ? !VERDICTS.has(run.verdict ?? '') || run.mechanics === null : !run.detail)
      found.push(`${name} does not say how it ended`);
    const acted = byRun.get(run);
    if (acted !== undefined && run.settledAt === null) found.push(`${name} acted, and its result never arrived`);
    const done = run.fix === 'F08' ? 'restart-asked' : 'paired';
    if (run.mechanics === 'done' && !acted?.has(done)) found.push(`${name} says it is done, and there is no effect ${done}`);
  }
  return found;
}

/** @param {readonly Ticket[]} tickets @param {readonly TicketEvent[]} events @returns {string[]} */
function ticketsDoubled(tickets, events) {
  const found = [];
  /** @type {Map<string, Ticket>} */
  const last = new Map();
  for (const ticket of [...tickets].sort((a, b) => a.openedAt - b.openedAt || a.number - b.number)) {
    const about = `${ticket.hostId} ${ticket.udid} ${ticket.family}`;
    const before = last.get(about);
    if (before && (before.closedAt === null || ticket.openedAt - before.closedAt < REOPEN_MS))
      found.push(`the tickets ${before.number} and ${ticket.number} are about the same: ${about}`);
    last.set(about, ticket);
  }
  const numbers = tickets.map((t) => t.number).sort((a, b) => a - b);
  numbers.forEach((n, i) => {
    if (n !== i + 1) found.push(`the tickets are not numbered from 1 without gaps: ${n} stands where ${i + 1} should`);
  });
  for (const ticket of tickets) {
    const story = events.filter((e) => e.ticketId === ticket.id && ['filed', 'closed', 'reopened'].includes(e.kind)).map((e) => e.kind);
    if (!/^filed( closed reopened)*( closed)?$/.test(story.join(' '))) found.push(`the ticket ${ticket.number} went: ${story.join(', ')}`);
    const reopened = story.filter((kind) => kind === 'reopened').length;
    if (reopened !== ticket.reopened) found.push(`the ticket ${ticket.number} counts ${ticket.reopened} reopenings, its story ${reopened}`);
  }
  return found;
}
