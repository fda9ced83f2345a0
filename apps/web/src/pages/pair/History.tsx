import { answerWords, causeTitle, isQuestion, questionWords } from '@lockstep/core/diagnosis';
import { fixWords } from '@lockstep/core/fixes';
import { HEALTHS, type Health, printable } from '@lockstep/core/health';
import type { RunView, TimelineEntry } from '@lockstep/core/protocol';
import { Age, absolute, day, HEALTH_WORDS, Mark, type MarkKind, Name, timeOfDay } from '../../ui/index.js';
import { guidedEntry } from './guided-story.js';
import styles from './Pair.module.css';
import { PEOPLE } from './people-words.js';
import { resultWords } from './story.js';
import { WORDS } from './words.js';

const VERDICT_MARK: Record<NonNullable<RunView['verdict']>, MarkKind> = {
  cured: 'ok',
  unchanged: 'degraded',
  worse: 'broken',
  waiting: 'waiting',
  unknown: 'unknown',
};

/** Every run on this pair and its computer, newest first. */
export function Runs({ runs }: { runs: readonly RunView[] }) {
  const W = WORDS.runs;
  return (
    <section className={styles.section} aria-labelledby="runs" data-testid="runs">
      <h2 id="runs">{W.title}</h2>
      {runs.length === 0 ? (
        <p className={styles.meta}>{W.none}</p>
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{W.when}</th>
                <th scope="col">{W.fix}</th>
                <th scope="col">{W.against}</th>
                <th scope="col">{W.by}</th>
                <th scope="col">{W.result}</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((r) => (
                <tr key={r.id} data-run={r.id}>
                  <td style={{ whiteSpace: 'nowrap' }}>
                    <Age at={r.askedAt} />
                  </td>
                  <td>{fixWords(r.fix).label}</td>
                  <td>{causeTitle(r.cause)}</td>
                  <td>
                    <Name of={r.requestedBy} />
                  </td>
                  <td>
                    <span style={{ display: 'inline-flex', gap: 7, alignItems: 'baseline' }}>
                      <Mark kind={r.verdict ? VERDICT_MARK[r.verdict] : 'not-reached'} size={10} />
                      {resultWords(r)}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** What changed, newest first, by day. */
export function Timeline({ entries, runs }: { entries: readonly TimelineEntry[]; runs: readonly RunView[] }) {
  const W = WORDS.timeline;
  const sorted = [...entries].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return (
    <section className={styles.section} aria-labelledby="timeline" data-testid="timeline">
      <h2 id="timeline">{W.title}</h2>
      {sorted.length === 0 ? (
        <p className={styles.meta}>{W.none}</p>
      ) : (
        <ol className={styles.timeline}>
          {sorted.map((e, i) => {
            const today = day(e.at);
            const before = sorted[i - 1];
            const newDay = !before || day(before.at) !== today;
            return <Entry key={`${e.at} ${e.what} ${e.to} ${e.from}`} entry={e} runs={runs} day={newDay ? today : null} />;
          })}
        </ol>
      )}
    </section>
  );
}

function Entry({ entry: e, runs, day: today }: { entry: TimelineEntry; runs: readonly RunView[]; day: string | null }) {
  const { mark, words } = told(e, runs);
  return (
    <>
      {today && <li className={styles.day}>{today}</li>}
      <li data-what={e.what}>
        <time dateTime={e.at} title={absolute(e.at)}>
          {timeOfDay(e.at)}
        </time>
        <Mark kind={mark} size={11} />
        <span>{words}</span>
      </li>
    </>
  );
}

const isHealth = (s: string): s is Health => (HEALTHS as readonly string[]).includes(s);
const healthWord = (s: string) => (isHealth(s) ? HEALTH_WORDS[s].word : s);

/** An answer in words; a question that this page does not know is shown as it is. */
function answerEntry({ to, from, detail }: TimelineEntry): string {
  const by = printable(from ?? '');
  if (!isQuestion(to)) return PEOPLE.timeline.answer(to, detail ?? '', by);
  return PEOPLE.timeline.answer(questionWords(to).ask, answerWords(to, detail ?? ''), by);
}

function told(e: TimelineEntry, runs: readonly RunView[]): { mark: MarkKind; words: string } {
  const W = WORDS.timeline;
  switch (e.what) {
    case 'health':
      return {
        mark: isHealth(e.to) ? e.to : 'unknown',
        words: W.health(healthWord(e.to), e.from === null ? null : healthWord(e.from), e.detail === null ? null : causeTitle(e.detail)),
      };
    case 'presence':
      return { mark: e.to === 'attached' ? 'not-needed' : 'away', words: W.presence[e.to] ?? e.to };
    case 'finding-opened':
      return { mark: 'degraded', words: W.opened(causeTitle(e.to)) };
    case 'finding-closed':
      return { mark: 'ok', words: W.closed(causeTitle(e.to)) };
    case 'guided':
      return { mark: e.detail?.endsWith(' cured') ? 'ok' : 'not-needed', words: guidedEntry(e.detail) };
    case 'answer':
      return { mark: 'not-needed', words: answerEntry(e) };
    case 'run': {
      const run = runs.find((r) => r.id === e.to);
      if (!run) return { mark: 'not-reached', words: W.run(W.aRun, e.detail ?? '') };
      return { mark: run.verdict ? VERDICT_MARK[run.verdict] : 'not-reached', words: W.run(fixWords(run.fix).label, resultWords(run)) };
    }
  }
}
