// What the rules said of labelled cases, counted: precision and recall per cause, the confusions, how often nothing was claimed.

/**
 * @typedef {object} Judged one case that is not disputed
 * @property {string} expect the label: a cause, `cannot-tell` or `healthy`
 * @property {readonly string[]} accept other verdicts that are as right
 * @property {string} said
 */

/** @param {string} verdict */
const isCause = (verdict) => verdict !== 'cannot-tell' && verdict !== 'healthy';

/**
 * @param {readonly Judged[]} judged
 */
export function counted(judged) {
  /** @type {Map<string, { claimed: number, rightly: number, labelled: number, found: number }>} */
  const causes = new Map();
  const of = (/** @type {string} */ cause) => {
    const row = causes.get(cause) ?? { claimed: 0, rightly: 0, labelled: 0, found: 0 };
    causes.set(cause, row);
    return row;
  };
  /** @type {Map<string, number>} `expected → said` */
  const confusions = new Map();
  let spoke = 0;
  let right = 0;
  let abstained = 0;
  let healthyOnUnknown = 0;
  for (const { expect, accept, said } of judged) {
    const fits = said === expect || accept.includes(said);
    if (isCause(said)) {
      spoke++;
      of(said).claimed++;
      if (fits) {
        right++;
        of(said).rightly++;
      }
    } else if (said === 'cannot-tell') abstained++;
    if (isCause(expect)) {
      of(expect).labelled++;
      if (fits) of(expect).found++;
    }
    if (expect === 'cannot-tell' && said === 'healthy' && !fits) healthyOnUnknown++;
    if (!fits) confusions.set(`${expect} → ${said}`, (confusions.get(`${expect} → ${said}`) ?? 0) + 1);
  }
  return {
    cases: judged.length,
    spoke,
    precision: spoke === 0 ? 1 : right / spoke,
    abstainRate: judged.length === 0 ? 0 : abstained / judged.length,
    healthyOnUnknown,
    causes: [...causes].sort(([a], [b]) => Number.parseInt(a.slice(1), 10) - Number.parseInt(b.slice(1), 10) || a.localeCompare(b)),
    confusions: [...confusions].sort(([, a], [, b]) => b - a),
  };
}
