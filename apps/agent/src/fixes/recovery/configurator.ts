import { type CfgutilAnswer, type CommandId, ReadFailed, readCfgutilAnswer, readConsole, readMacProcesses } from '../../machine/index.js';
import type { FixTools } from '../fix.js';
import { argumentOf, type Ecid } from './phone-in-boot.js';

/** What Configurator's tool may be told to do, each a fixed row of the table of commands. */
const TOLD = {
  get: 'cfgutil-get',
  pair: 'cfgutil-pair',
  unpair: 'cfgutil-unpair',
  restart: 'cfgutil-restart',
  update: 'cfgutil-update',
  revive: 'cfgutil-revive',
  restore: 'cfgutil-restore',
} as const satisfies Record<string, CommandId>;
export type Told = keyof typeof TOLD;

/** Apple Configurator on this Mac, or the word for why it cannot be used. */
export type FoundConfigurator = { there: true; configurator: Configurator } | { there: false; word: string };

/** Configurator's command line tool, run as the person in front. One phone at a time, by its ECID. */
export class Configurator {
  private constructor(
    private readonly tools: Pick<FixTools, 'ctx' | 'signal'>,
    private readonly uid: string,
  ) {}

  /**
   * Looks whether it is there before anything is begun: the tool inside Configurator's application, a person in front whose session it
   * can run in, and Configurator itself not open, which would hold the phone.
   */
  static async find(tools: Pick<FixTools, 'ctx' | 'signal'>): Promise<FoundConfigurator> {
    const { machine } = tools.ctx;
    const no = (word: string): FoundConfigurator => ({ there: false, word });
    try {
      await machine.stat('mac-configurator-tool');
    } catch (e) {
      if (e instanceof ReadFailed) return no(e.reason === 'missing' ? 'no-configurator' : 'configurator-unreadable');
      throw e;
    }
    if (!(await machine.identity()).privileged) return no('not-privileged');
    const console = readConsole(await machine.run('ioreg-root', tools.signal));
    if (!console.read) return no('session-unreadable');
    if (console.uid === null) return no('nobody-in-front');
    const list = readMacProcesses(await machine.run('process-list', tools.signal));
    if (!list.read) return no('programs-unreadable');
    if (list.processes.some((p) => /^Apple Configurator( 2)?$/.test(p.name))) return no('configurator-open');
    return { there: true, configurator: new Configurator(tools, console.uid) };
  }

  /** Has the tool do it to one phone and reads its answer. An update, a revival or a restore is never cut off; see CommandRow.outlives. */
  async tell(what: Told, ecid: Ecid): Promise<CfgutilAnswer> {
    const { ctx, signal } = this.tools;
    return readCfgutilAnswer(await ctx.machine.run(TOLD[what], signal, { uid: this.uid, ecid: argumentOf(ecid) }));
  }

  /** Whether this Mac was given the identity that supervises the company's phones, for nobody but its owner to read. */
  async hasIdentity(): Promise<boolean> {
    try {
      const { kind, mode } = await this.tools.ctx.machine.stat('mac-organisation-key');
      return kind === 'file' && (mode & 0o077) === 0;
    } catch (e) {
      if (e instanceof ReadFailed) return false;
      throw e;
    }
  }
}
