import type { CommandId, Ran } from '@lockstep/agent/machine';
import { appleProducts, muxSays, usbSays } from './acts/index.js';
import { type ComputerView, PERSON, RESTORE_ENDED_MS, restoreLog } from './condition.js';
import { document, events, rows, type Section } from './windows-document.js';
import { marks, nodes, problems, removals } from './windows-nodes.js';
import { networkSections, slowSections } from './windows-slow.js';

const APPLE_SERVICE = 'Apple Mobile Device Service';
const STORE_PROCESS = 'AppleMobileDeviceProcess';
/** Sessions: services have 0, the person in front 1, those behind 2 and on. */
const FRONT = 1;
const SIGNER = 'CN=Apple Inc., OU=iTunes, O=Apple Inc., L=Cupertino, S=California, C=US';
const CLASSIC_PATH = 'C:\\Program Files\\Common Files\\Apple\\Mobile Device Support\\AppleMobileDeviceService.exe';
const STORE_PATH =
  'C:\\Program Files\\WindowsApps\\AppleInc.AppleDevices_1.1071.20.0_x64__nzyj5cx40ttqa\\AMDS64\\AppleMobileDeviceProcess.exe';

/** What the scripts of a Windows computer answer. Null: a command that this simulation does not know, which ends the test by name. */
export function windowsAnswer(id: CommandId, view: ComputerView): Partial<Ran> | null {
  switch (id) {
    case 'windows-now':
      return document(view, {
        nodes: rows(...nodes(view)),
        services: services(view),
        processes: processes(view),
        ...portSections(view),
        glass: rows(FRONT),
        startup: rows(),
        homes: homes(view),
        restores: restores(view),
        events: crashes(view),
      });
    case 'windows-responder':
      return document(view, { services: services(view) });
    case 'windows-listener':
      return document(view, portSections(view));
    case 'windows-log':
      return document(view, {
        removals: events(removals(view)),
        problems: events(problems(view)),
        events: crashes(view),
        marks: rows(...marks(view)),
      });
    case 'windows-slow':
      return document(view, { ...slowSections(view), services: services(view) });
    case 'windows-network':
      return document(view, networkSections(view));
    case 'windows-time':
      return {
        stdout: `Tracking time.windows.com [20.101.57.9:123].\r\nCollecting 1 samples.\r\n${new Date(view.now).toISOString().slice(11, 19)}, ${offset(-view.condition.clockAheadS)}s\r\n`,
      };
    case 'apple-programs':
      return document(view, {
        products: rows(...appleProducts(view)),
        apps: storeApps(view),
        services: services(view),
        processes: processes(view),
        glass: rows(FRONT),
        homes: homes(view),
      });
    case 'windows-service':
      return document(view, { services: services(view), processes: processes(view), glass: rows(FRONT) });
    case 'windows-store-app':
      return document(view, { apps: storeApps(view), services: services(view), processes: processes(view), glass: rows(FRONT) });
    default:
      return usbSays(id, view) ?? muxSays(id, view);
  }
}

const homes = ({ condition }: ComputerView): Section =>
  rows(
    { LocalPath: `C:\\Users\\${PERSON.account}`, Loaded: condition.person !== 'none' },
    ...Array.from({ length: condition.otherPeople }, (_, n) => ({ LocalPath: `C:\\Users\\other${n}`, Loaded: true })),
  );

function storeApps({ condition }: ComputerView): Section {
  const { stack } = condition.windows;
  const here = stack === 'store' || stack === 'both';
  return rows(...(here ? [{ name: 'AppleInc.AppleDevices', family: 'AppleInc.AppleDevices_nzyj5cx40ttqa', version: '1.1071.20.0' }] : []));
}

const offset = (s: number) => `${s < 0 ? '-' : '+'}${Math.abs(s).toFixed(7).padStart(10, '0')}`;

const isClassic = ({ condition }: ComputerView) => condition.windows.stack === 'classic' || condition.windows.stack === 'both';

/** Win32_Service's words. A service whose port somebody else has runs and serves nobody. */
function services(view: ComputerView): Section {
  const { condition, muxPid } = view;
  const running = muxPid !== null;
  const pid = condition.windows.portOwner === null ? muxPid : 3_108;
  const bonjour = condition.responder === 'running';
  return rows(
    ...(isClassic(view)
      ? [
          {
            Name: APPLE_SERVICE,
            State: running ? 'Running' : 'Stopped',
            StartMode: condition.windows.service,
            ProcessId: running ? pid : 0,
          },
          ...(condition.responder === 'missing'
            ? []
            : [
                {
                  Name: 'Bonjour Service',
                  State: bonjour ? 'Running' : 'Stopped',
                  StartMode: condition.responder === 'disabled' ? 'Disabled' : 'Auto',
                  ProcessId: bonjour ? 2_440 : 0,
                },
              ]),
        ]
      : []),
    { Name: 'lfsvc', State: 'Stopped', StartMode: 'Manual', ProcessId: 0 },
    {
      Name: 'Dnscache',
      State: isClassic(view) || condition.responder === 'running' ? 'Running' : 'Stopped',
      StartMode: 'Auto',
      ProcessId: 1_604,
    },
  );
}

function processes(view: ComputerView): Section {
  const { condition, muxPid } = view;
  const row = (Id: number, ProcessName: string, SessionId: number) => ({ Id, ProcessName, SessionId });
  const apple = appleProcess(view);
  const owner = condition.windows.portOwner;
  const shells = condition.person === 'none' ? [] : [row(5_120, 'explorer', FRONT), row(4_996, 'sihost', FRONT)];
  return rows(
    row(4, 'System', 0),
    row(912, 'svchost', 0),
    ...(condition.person === 'active' ? [] : [row(1_020, 'LogonUI', FRONT)]),
    ...shells,
    ...Array.from({ length: condition.otherPeople }, (_, n) => row(7_300 + n, 'explorer', FRONT + 1 + n)),
    ...(muxPid === null || condition.windows.stack === 'none' ? [] : [row(owner === null ? muxPid : 3_108, apple.name, apple.session)]),
    ...(owner === null || muxPid === null ? [] : [row(muxPid, owner.name, FRONT)]),
    ...(condition.restoring ? [row(8_000, 'AppleDevices', FRONT)] : []),
    ...condition.programs.map((p, n) => row(9_000 + n, p.name, FRONT)),
  );
}

function appleProcess({ condition }: ComputerView): { name: string; session: number; path: string } {
  if (condition.windows.stack === 'store')
    return { name: STORE_PROCESS, session: condition.windows.elsewhere ? FRONT + 1 : FRONT, path: STORE_PATH };
  return { name: 'AppleMobileDeviceService', session: 0, path: CLASSIC_PATH };
}

/** Who listens on 27015, and whether a port proxy stands in front. */
function portSections(view: ComputerView): Record<'port' | 'proxy', Section> {
  const { portOwner } = view.condition.windows;
  const proxy = rows(...view.condition.windows.portProxy.map((r) => r.listen));
  const nobody: Section = { why: 'CmdletizationQuery_NotFound,Get-NetTCPConnection', code: -2_146_233_088 };
  if (view.muxPid === null || (portOwner === null && view.condition.windows.stack === 'none')) return { port: nobody, proxy };
  const base = { address: '127.0.0.1', pid: view.muxPid };
  const apple = appleProcess(view);
  const owner =
    portOwner === null
      ? { ...base, name: apple.name, session: apple.session, path: apple.path, signed: 0, signer: SIGNER }
      : {
          ...base,
          name: portOwner.name,
          session: FRONT,
          path: portOwner.path,
          signed: portOwner.signer === null ? 2 : 0,
          signer: portOwner.signer,
        };
  return { port: rows(owner), proxy };
}

/** Application Error 1000 for programs, newest first. */
function crashes({ condition }: ComputerView): Section {
  return events(
    [...condition.crashes]
      .sort((a, b) => b.at - a.at)
      .map((c) => ({ id: 1_000, source: 'Application Error', at: new Date(c.at).toISOString(), of: `${c.program}.exe` })),
  );
}

/** The end of the newest log of a restore. */
function restores({ condition, now }: ComputerView): Section {
  if (!condition.restoring && condition.restoreError === null) return rows();
  const at = now - (condition.restoreError === null ? 5_000 : RESTORE_ENDED_MS);
  return rows({ at: new Date(at).toISOString(), lines: restoreLog(condition) });
}
