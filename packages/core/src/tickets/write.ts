import { causeWords } from '../diagnosis/index.js';
import { printable } from '../health/index.js';
import { BODY_MAX, TITLE_MAX, type TicketFinding, type TicketSubject, type TicketText, type TriedRun } from './shapes.js';
import { moment, subjectOf, triedSentence } from './words.js';

/** Runs and readings that are told, the latest and the first of them: a ticket is read by people. */
const MOST_TRIED = 20;
const MOST_EVIDENCE = 12;
/** Longest name, reader's text or reading that is told whole. */
const LONG = 200;

/** What a ticket is written from. */
export interface TicketStory {
  subject: Pick<TicketSubject, 'scope' | 'hostName' | 'deviceName'>;
  finding: Pick<TicketFinding, 'id' | 'cause' | 'layer' | 'health' | 'confidence' | 'evidence'>;
  /** When the trouble began, ms. */
  since: number;
  /** Phones affected. */
  pairs: number;
  /** Oldest first. */
  tried: readonly TriedRun[];
  /** When the cause was proven gone, ms; null while it is open. */
  goneAt: number | null;
  /** It stayed gone: the ticket is being closed. */
  isOver: boolean;
  /** How often it came back after the ticket was closed. */
  reopened: number;
  flapping: boolean;
}

/**
 * The ticket's text in plain words: what is wrong, the next step, what it rests on, what was tried and what the facts said about it. Names and
 * readings come from phones and computers: they are made printable and cut to length. The title is at most `TITLE_MAX` UTF-16 units, the body at
 * most `BODY_MAX`.
 */
export function writeTicket(story: TicketStory): TicketText {
  return { title: titleOf(story), body: bodyOf(story), from: fromOf(story) };
}

function titleOf({ subject, finding, pairs }: TicketStory): string {
  const { title } = causeWords(finding.cause);
  const tail = subject.scope === 'host' && pairs > 1 ? ` (${pairs} phones)` : '';
  const between = subject.deviceName === null ? 0 : ' on '.length;
  const room = TITLE_MAX - title.length - ': '.length - tail.length - between;
  if (subject.deviceName === null) return `${title}: ${cut(printable(subject.hostName), room)}${tail}`;
  const [device, host] = [printable(subject.deviceName), printable(subject.hostName)];
  // The computer's name finds the desk: it gets at least half of the room, and what the phone's leaves over.
  const forHost = Math.max(Math.floor(room / 2), room - device.length);
  const shownHost = cut(host, forHost);
  return `${title}: ${cut(device, room - shownHost.length)} on ${shownHost}${tail}`;
}

function bodyOf(story: TicketStory): string {
  const { subject, finding, tried, goneAt, isOver } = story;
  const words = causeWords(finding.cause);
  const short = { hostName: cut(subject.hostName, LONG), deviceName: subject.deviceName === null ? null : cut(subject.deviceName, LONG) };
  const lines = [`${subjectOf(short)}: ${finding.health} since ${moment(story.since)}.`, words.plain];
  if (goneAt === null) lines.push(`Next: ${words.next}`);
  else
    lines.push(
      `Proven gone at ${moment(goneAt)}. ${isOver ? 'It stayed so, and the ticket is closed.' : 'The ticket closes by itself if it stays so.'}`,
    );
  if (subject.scope === 'host') lines.push(story.pairs === 1 ? '1 phone is affected.' : `${story.pairs} phones are affected.`);
  if (story.flapping) lines.push('It comes and goes: it was proven gone and came back several times within an hour.');
  if (story.reopened > 0)
    lines.push(`It came back ${story.reopened === 1 ? 'once' : `${story.reopened} times`} after this ticket was closed.`);
  lines.push('', 'What was tried:');
  if (tried.length === 0) lines.push('- Nothing yet.');
  if (tried.length > MOST_TRIED) lines.push(`- ${tried.length - MOST_TRIED} earlier runs are not listed.`);
  for (const run of tried.slice(-MOST_TRIED)) lines.push(`- ${triedSentence({ ...run, by: cut(run.by, LONG) })}`);
  lines.push('', `What it rests on (${finding.cause}, ${finding.layer} rung, ${Math.round(finding.confidence * 100)} % sure):`);
  for (const e of finding.evidence.slice(0, MOST_EVIDENCE)) {
    const reading = cut(printable(e.reading), LONG);
    lines.push(`- ${e.signal}: ${e.value}${reading === '' ? '' : ` (${reading})`}`);
  }
  return cut(lines.join('\n'), BODY_MAX);
}

function fromOf({ subject, finding, since, pairs, tried, goneAt, reopened, flapping }: TicketStory): string {
  const runs = tried.map((r) => `${r.id} ${r.state} ${r.verdict ?? ''}`);
  return JSON.stringify([
    subject.deviceName,
    subject.hostName,
    finding.id,
    finding.cause,
    since,
    pairs,
    goneAt,
    reopened,
    flapping,
    ...runs,
  ]);
}

/** At most `max` UTF-16 units; what was cut says so, and no character is cut in half. */
function cut(s: string, max: number): string {
  if (s.length <= max) return s;
  const high = s.charCodeAt(max - 2);
  return `${s.slice(0, high >= 0xd800 && high <= 0xdbff ? max - 2 : max - 1)}…`;
}
