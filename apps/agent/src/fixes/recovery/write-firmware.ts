import { explainCode } from '@lockstep/core/codes';
import type { AgentFixId } from '@lockstep/core/fixes';
import type { FailReason } from '@lockstep/core/health';
import { readRestored } from '../../machine/index.js';
import { type FixEnd, type FixOrder, type FixTools, failed, refused, type Steps } from '../fix.js';
import { Configurator, type Told } from './configurator.js';
import { argumentOf, type Ecid, phoneInBoot } from './phone-in-boot.js';

/** A fix that writes a phone's firmware. */
export interface FirmwareFix {
  fix: Extract<AgentFixId, 'F43' | 'F44' | 'F45'>;
  /** What is on the phone may be lost by it: no phone is guessed. */
  mayLose: boolean;
  /** One of these has to have been tried on this phone within a day: what keeps the data comes before what does not. */
  after?: readonly AgentFixId[];
  /** What it is when it is done. */
  done: string;
}

/** A tool that was found on this computer, ready to write one phone's firmware, or the word for why there is none. */
type FoundTool = { there: true; write(ecid: Ecid): Promise<FixEnd> } | { there: false; word: string };

/**
 * Writes a phone's firmware: everything is checked before the first step, the phone is named by its ECID, and what came to no end of its
 * own is unknown. It is never begun a second time by itself.
 */
const writeFirmware =
  (what: FirmwareFix, find: (what: FirmwareFix, tools: FixTools) => Promise<FoundTool>): Steps =>
  async (order: FixOrder, tools) => {
    const phone = await phoneInBoot(order, tools, what.mayLose);
    if (!phone.there) return refused(phone.word, phone.facts);
    if (what.after && !(await tools.cap.hasTried(what.after, order.udid))) return refused('update-first', phone.facts);
    const tool = await find(what, tools);
    if (!tool.there) return refused(tool.word, phone.facts);
    await tools.cap.acts(what.fix, order.udid);
    tools.progress('acting');
    return await tool.write(phone.ecid);
  };

/** On a Mac, by Configurator. */
export const byConfigurator = (what: FirmwareFix, told: Extract<Told, 'update' | 'revive' | 'restore'>): Steps =>
  writeFirmware(what, async ({ done }, tools) => {
    const found = await Configurator.find(tools);
    if (!found.there) return found;
    return {
      there: true,
      async write(ecid) {
        const answer = await found.configurator.tell(told, ecid);
        if (answer.ended === 'unread') return cutOff(answer.reason);
        return answer.ended === 'done' ? { mechanics: 'done', detail: done, facts: [] } : failed(errorWord(answer.code));
      },
    };
  });

/** On Linux, by idevicerestore. */
export const byIdevicerestore = (what: FirmwareFix, command: 'idevicerestore-update' | 'idevicerestore-erase'): Steps =>
  writeFirmware(what, async ({ done }, { ctx, signal }) => {
    const { failure } = await ctx.machine.run('idevicerestore-version', signal);
    if (failure !== null) return { there: false, word: failure === 'missing-tool' ? 'no-idevicerestore' : `idevicerestore-${failure}` };
    return {
      there: true,
      async write(ecid) {
        const end = readRestored(await ctx.machine.run(command, signal, { ecid: argumentOf(ecid) }));
        if (end.ended === 'unread') return cutOff(end.reason);
        if (end.ended === 'too-old') return failed('idevicerestore-too-old');
        return end.ended === 'done' ? { mechanics: 'done', detail: done, facts: [] } : failed(errorWord(end.code));
      },
    };
  });

/** A tool that could not be started has changed nothing; of one that did not come to its end nobody knows how far it came. */
function cutOff(reason: FailReason): FixEnd {
  if (reason === 'missing-tool' || reason === 'denied' || reason === 'unsupported') return failed(`tool-${reason}`);
  return { mechanics: 'unknown', detail: reason, facts: [] };
}

/** A restore's number with what it means, `error-4013-phone-lost`; `restore-failed` where none was told. */
export function errorWord(code: number | null): string {
  if (code === null) return 'restore-failed';
  const { found } = explainCode(String(code));
  const meant =
    found.find((c) => c.row.family === 'restore') ?? found.find((c) => c.row.family === 'mobile-device' || c.row.family === 'cfgutil');
  return meant ? `error-${code}-${meant.row.id.slice(meant.row.family.length + 1)}` : `error-${code}`;
}
