import type { Os, ReachedHost } from '@lockstep/agent/machine';
import type { OnBus } from '../daemon/index.js';

/** Which of Apple's programs for phones a PC has: iTunes with its service, the Store's Apple Devices, both, or none. */
export type AppleStack = 'classic' | 'store' | 'both' | 'none';
/** How a PC's driver for the multiplexer's interface stands. */
export type DriverState = 'fine' | 'missing' | 'broken' | 'disabled' | 'foreign' | 'wants-restart';
/** Why a computer waits for a restart, in no system's words. */
export type RestartReason = 'kernel' | 'package' | 'servicing' | 'update' | 'renames' | 'staged';

/** A program that runs besides what every computer of that system runs. */
export interface ExtraProgram {
  /** File name, on Windows without `.exe`. */
  name: string;
  /** A tool holds it stopped. */
  held?: boolean;
}

/** Something that happened on the bus. */
export type BusEvent =
  | {
      what: 'came' | 'went';
      at: number;
      location: string;
      idVendor: number;
      idProduct: number;
      serial: string;
      devnum: number;
      product: string;
    }
  /** Something was plugged in and never became a device. */
  | { what: 'failed'; at: number; location: string };

/** Everything about a computer that its own tools would tell, beside its phones and its multiplexer. */
export interface HostCondition {
  /** Its system's version instead of the one it was set up with. */
  osVersion: string | null;
  /** Who sits in front of it. */
  person: 'active' | 'locked' | 'none';
  /** People who are signed in behind the one in front. */
  otherPeople: number;
  /** How far its clock is ahead, s. */
  clockAheadS: number;
  /** Since when it waits for a restart, and why; null: it does not. */
  restart: { reasons: RestartReason[]; since: number } | null;
  programs: ExtraProgram[];
  /** What happened on the bus before anybody looked; what phones do from now on is added by itself. */
  busLog: BusEvent[];
  /** It is a laptop whose plug is out. */
  onBattery: boolean;
  /** Idle ports are switched off. */
  suspendsIdle: boolean;
  /** A policy keeps phones out. */
  keepsPhonesOut: boolean;
  /** A program in the system has the phone's interface. */
  takenBy: 'virtual-machine' | 'usbipd' | null;
  firewall: 'open' | 'blocks-all' | 'blocks-names' | 'public';
  /** Linux: who manages the packet filter, and firewalld's zone of the local network. */
  firewallBy: 'hand' | 'firewalld' | 'ufw';
  zone: string;
  /** A rule for names on the local network was added. */
  namesLetIn: boolean;
  /**
   * A tunnel is up; `only`: nothing else carries packets. `split`: it carries a company's own network and nothing else, and on Windows what
   * is meant for everybody, while it costs no more than the local network.
   */
  tunnel: { only: boolean; split?: { metric: number; automatic: boolean; managed?: boolean } } | null;
  /** Lines added to the hosts file. */
  hostLines: string[];
  responder: 'running' | 'stopped' | 'disabled' | 'missing';
  /** The service that knows where the computer is: whether it uses up a processor, and its process. */
  location: { busy: boolean; pid: number };
  /** Others on the local network are heard. */
  hearsOthers: boolean;
  /** Phones that announce themselves for Wi-Fi sync are heard. */
  hearsPhones: boolean;
  /** How far connections to servers get, where they do not get through. */
  reach: Partial<Record<ReachedHost, 'no-name' | 'no-connection' | 'no-tls' | 'inspected'>>;
  freeBytes: number;
  totalBytes: number;
  /** The multiplexer's account may write its records. */
  recordsWritable: boolean;
  /** Owner and mode of the records' folder, where somebody changed them; an owner of null is the one it is shipped with. */
  recordFolder: { uid: number | null; mode: number } | null;
  /** When the computer's own identity was written; null: when the records' folder was made. */
  identityAt: number | null;
  /** Programs that ended unexpectedly, by file name. */
  crashes: { program: string; at: number }[];
  /** Tools of the open library that are installed beside the multiplexer. */
  openTools: ('irecovery' | 'idevicerestore')[];
  /** A restore of a phone is under way. */
  restoring: boolean;
  /** The number with which the last restore ended an hour ago; null: there was none. */
  restoreError: number | null;
  /** The last backup of each phone on it. */
  backups: 'none' | 'finished' | 'interrupted';
  mac: {
    /** The Mac asks before accessories may connect, and nobody has answered yet. */
    holdsPort: boolean;
    /** The agent that shows phones wrote down that the phone came. */
    sawPhone: boolean;
    /** Preferences keep phones out of Finder: the person's own, or a profile's. */
    hides: boolean;
    hidesByProfile: boolean;
    /** Processes of the agents that show and sync phones. */
    agents: { discovery: number; devices: number };
    /** What the agents keep has them miss phones, however often they are started. */
    cachesBad: boolean;
    /** When newer support for phones was installed. */
    supportInstalledAt: number | null;
    /** launchd's labels that somebody switched off. */
    disabled: string[];
    /** Configurator is installed; `hangs`: its tool does not answer. */
    configurator: 'none' | 'answers' | 'hangs';
    /** IT gave this Mac the identity that supervises the company's phones. */
    organisation: boolean;
    /** It looks for updates at a server of the company. */
    catalogueUrl: string | null;
  };
  windows: {
    stack: AppleStack;
    /** Apple's programs are those of this age. */
    stackAge: 'current' | 'old';
    /** Programs of Apple's installer that were removed, by name. */
    removed: string[];
    driver: DriverState;
    /** The whole composite device was disabled, with everything below it. */
    deviceOff: boolean;
    /** Start mode of Apple's service. */
    service: 'Auto' | 'Manual' | 'Disabled';
    /** Somebody else listens on 27015; null: whoever Apple's is, or nobody. */
    portOwner: { name: string; path: string; signer: string | null } | null;
    /** Rules of the port proxy, as the registry holds them: `address/port`. */
    portProxy: { type: string; listen: string; to: string }[];
    /** Apple's process runs in another person's session. */
    elsewhere: boolean;
    edition: string;
    mediaFeatures: boolean;
  };
}

/** A computer that nothing is wrong with. */
export function healthyCondition(): HostCondition {
  return {
    osVersion: null,
    person: 'active',
    otherPeople: 0,
    clockAheadS: 0,
    restart: null,
    programs: [],
    busLog: [],
    onBattery: false,
    suspendsIdle: false,
    keepsPhonesOut: false,
    takenBy: null,
    firewall: 'open',
    firewallBy: 'hand',
    zone: 'home',
    namesLetIn: false,
    tunnel: null,
    hostLines: [],
    responder: 'running',
    location: { busy: false, pid: 290 },
    hearsOthers: true,
    hearsPhones: true,
    reach: {},
    freeBytes: 420_000_000_000,
    totalBytes: 500_000_000_000,
    recordsWritable: true,
    recordFolder: null,
    identityAt: null,
    crashes: [],
    openTools: [],
    restoring: false,
    restoreError: null,
    backups: 'none',
    mac: {
      holdsPort: false,
      sawPhone: true,
      hides: false,
      hidesByProfile: false,
      agents: { discovery: 731, devices: 744 },
      cachesBad: false,
      supportInstalledAt: null,
      disabled: [],
      configurator: 'none',
      organisation: false,
      catalogueUrl: null,
    },
    windows: {
      stack: 'classic',
      stackAge: 'current',
      removed: [],
      driver: 'fine',
      deviceOff: false,
      service: 'Auto',
      portOwner: null,
      portProxy: [],
      elsewhere: false,
      edition: 'Professional',
      mediaFeatures: true,
    },
  };
}

/** What a system's tools need to know to answer. */
export interface ComputerView {
  os: Os;
  name: string;
  /** `macOS 26.1 (25B78)`, `Windows 11 Pro 25H2` … */
  osVersion: string;
  condition: HostCondition;
  /** By the computer's own clock, ms since 1970. */
  now: number;
  startedAt: number;
  /** The multiplexer's process; null while it does not run. */
  muxPid: number | null;
  /** When the multiplexer's process was started. */
  muxSince: number;
  /** What hangs on the bus. */
  phones: readonly OnBus[];
  /** What happened there, oldest first, within the last two hours. */
  busLog: readonly BusEvent[];
  /** What the multiplexer wrote: `[LEVEL] text`. */
  muxLog: readonly { at: number; text: string }[];
}

/** The person who sits in front of every simulated computer. */
export const PERSON = { uid: 501, account: 'anna' } as const;

/** When a restore that failed wrote its last line, ms ago. */
export const RESTORE_ENDED_MS = 3_600_000;

/** The end of a restore's log: it goes on, or ended with an error. */
export function restoreLog({ restoreError }: HostCondition): string[] {
  const begun = ['[09:00:00.000] Restore started', '[09:00:01.000] progress 41'];
  return restoreError === null ? begun : [...begun, `[09:07:12.000] Restore failed (error ${restoreError})`];
}
