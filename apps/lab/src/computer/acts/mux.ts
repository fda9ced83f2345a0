import { type CommandId, DROP_IN, type MuxAccount, type Params, type Ran } from '@lockstep/agent/machine';
import type { Bench } from '../../daemon/index.js';
import type { ComputerView, HostCondition } from '../condition.js';
import type { EffectLog } from '../effects.js';
import { document, rows } from '../windows-document.js';

/** What tools of the multiplexer's service work on. */
export interface MuxToolsOf {
  bench: Bench;
  effects: EffectLog;
  condition(): HostCondition;
}

const ran = (exit: number, stdout = '', stderr = ''): Ran => ({ exit, stdout, stderr, failure: null });
/** ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_NOT_ACTIVE, ERROR_SERVICE_DISABLED (winerror.h). */
const [RUNS, RUNS_NOT, IS_DISABLED] = [1056, 1062, 1058] as const;

/** kill and launchctl of a Mac; sc, taskkill, netsh and the task that opens the Store's app of a PC: the daemon really ends and starts. */
export class MuxTools {
  /** Linux: what was added to usbmuxd's unit. */
  readonly dropIn: { placed: MuxAccount | null } = { placed: null };
  /** The daemon does not end when it is asked to. */
  ignoresTerm = false;

  constructor(private readonly of: MuxToolsOf) {}

  /** Null: none of its commands. */
  async act(id: CommandId, params: Params): Promise<Ran | null> {
    if (id === 'usbmuxd-start-line') return this.startLine();
    const done = await this.carryOut(id, params);
    if (done !== null) this.of.effects.add({ effect: 'command-acted', command: id });
    return done;
  }

  private async carryOut(id: CommandId, params: Params): Promise<Ran | null> {
    const { mux } = this.of.bench;
    const { windows, person } = this.of.condition();
    switch (id) {
      case 'usbmuxd-term':
      case 'usbmuxd-kill':
        if (Number(params.pid) !== mux.pid) return ran(1, '', `kill: ${params.pid}: No such process\n`);
        if (id === 'usbmuxd-term' && this.ignoresTerm) return ran(0);
        return await this.startAnew();
      case 'usbmuxd-kickstart':
        return mux.pid === null ? await this.startAnew() : ran(0);
      case 'usbmuxd-kickstart-anew':
        // As macOS has it since 14.4.
        return ran(1, '', 'Could not kickstart service "com.apple.usbmuxd": 1: Operation not permitted\n');
      case 'systemd-reload':
        return ran(0);
      case 'service-start':
        if (windows.service === 'Disabled') return ran(IS_DISABLED, '[SC] StartService FAILED 1058:\r\n');
        if (mux.pid !== null) return ran(RUNS);
        return await this.startAnew();
      case 'service-stop':
        if (mux.pid === null) return ran(RUNS_NOT);
        if (!this.ignoresTerm) await mux.stop();
        return ran(0);
      case 'service-mode':
        windows.service = params.startMode === 'demand' ? 'Manual' : 'Auto';
        return ran(0);
      case 'process-end':
        if (Number(params.pid) !== mux.pid) return ran(128, '', 'ERROR: The process was not found.\r\n');
        await mux.stop();
        return ran(0);
      case 'store-app-start':
        if (person === 'none' || windows.stack !== 'store')
          return ran(0, `${JSON.stringify({ v: 1, at: new Date().toISOString(), started: { why: 'no-app', code: -2_146_233_087 } })}\r\n`);
        windows.elsewhere = false;
        if (mux.pid === null) await this.startAnew();
        return ran(0, `${JSON.stringify({ v: 1, at: new Date().toISOString(), started: { ok: ['AMPDevicesAgent'] } })}\r\n`);
      case 'port-proxy-delete':
      case 'port-proxy-delete-any':
        return await this.takeRuleAway(params);
      case 'port-proxy-add':
      case 'port-proxy-add-any':
        windows.portProxy.push({
          type: params.proxy ?? '',
          listen: `${params.listen ?? '*'}/27015`,
          to: `${params.target}/${params.port}`,
        });
        return ran(0);
      default:
        return null;
    }
  }

  /** As systemd shows Debian's unit, with what was added to it. */
  private startLine(): Ran {
    const line = `/usr/sbin/usbmuxd --user usbmux --systemd${this.dropIn.placed === null ? '' : ' --no-preflight'}`;
    return ran(
      0,
      `ExecStart={ path=/usr/sbin/usbmuxd ; argv[]=${line} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\nDropInPaths=${this.dropIn.placed === null ? '' : DROP_IN}\n`,
    );
  }

  private async takeRuleAway({ proxy, listen }: Params): Promise<Ran> {
    const { windows } = this.of.condition();
    const at = windows.portProxy.findIndex((r) => r.type === proxy && r.listen === `${listen ?? '*'}/27015`);
    if (at < 0) return ran(1, 'The system cannot find the file specified.\r\n');
    windows.portProxy.splice(at, 1);
    if (windows.portProxy.length > 0) return ran(0);
    // Nobody listens there now: Apple's program took another port when it found its own taken.
    windows.portOwner = null;
    await this.of.bench.mux.stop();
    return ran(0);
  }

  /** A wedged daemon is ended like any other; its fault ends with it. */
  private async startAnew(): Promise<Ran> {
    const { mux } = this.of.bench;
    await mux.stop();
    await mux.start();
    return ran(0);
  }
}

/** What the same tools say without changing anything. Null: none of their questions. */
export function muxSays(id: CommandId, view: ComputerView): Partial<Ran> | null {
  return id === 'windows-port-proxy' ? document(view, { rules: rows(...view.condition.windows.portProxy) }) : null;
}
