import { type InstallCommandId, type InstallSystem, installRow, SystemFiles } from '../src/install/index.js';
import { type Os, type Ran, Unscripted } from '../src/machine/index.js';

const FILES: Record<Os, string> = {
  linux: '/etc/systemd/system/lockstep-agent.service',
  macos: '/Library/LaunchDaemons/lockstep.agent.plist',
  windows: 'C:\\Program Files\\Lockstep\\agent-task.xml',
};

/**
 * A computer with a service manager that behaves as systemd, launchd and Task Scheduler do: it knows a service only once it was told to read
 * the file, and keeps what it has read until it is told again. Its files lie under a folder of the test.
 */
export class FakeInstallSystem extends SystemFiles implements InstallSystem {
  readonly program: InstallSystem['program'];
  readonly ran: InstallCommandId[] = [];
  isPrivileged = true;
  manager = true;
  owners: Record<string, { uid: number; mode: number }> = {};
  /** What the service manager has read, whether it starts it with the computer, and whether it runs. */
  loaded: Buffer | null = null;
  enabled = false;
  running = false;
  /** Answers that come before the manager's own, one by one. */
  readonly script: Partial<Record<InstallCommandId, Partial<Ran>[]>> = {};
  waited = 0;

  constructor(
    readonly os: Os,
    readonly folder: string,
  ) {
    super(folder);
    this.program =
      os === 'windows'
        ? { node: 'C:\\Program Files\\nodejs\\node.exe', script: 'C:\\Program Files\\Lockstep\\apps\\agent\\bin\\lockstep-agent.mjs' }
        : { node: '/usr/bin/node', script: '/opt/lock step/apps/agent/bin/lockstep-agent.mjs' };
  }

  async privileged(): Promise<boolean> {
    return this.isPrivileged;
  }

  hasManager(): boolean {
    return this.manager;
  }

  ownerOf(path: string): { uid: number; mode: number } {
    return this.owners[path] ?? { uid: 0, mode: 0o40755 };
  }

  async pause(ms: number): Promise<void> {
    this.waited += ms;
  }

  async run(id: InstallCommandId): Promise<Ran> {
    if (installRow(id).os !== this.os) throw new Unscripted(`command ${id} on ${this.os}`);
    if (installRow(id).effect === 'installs') this.ran.push(id);
    const answer = this.script[id]?.shift() ?? this.#answer(id);
    return { exit: 0, stdout: '', stderr: '', failure: null, ...answer };
  }

  #answer(id: InstallCommandId): Partial<Ran> {
    const file = this.read(FILES[this.os]);
    const load = () => {
      if (file === null) return { exit: 1, stderr: 'No such file or directory' };
      this.loaded = file;
      return {};
    };
    const start = () => {
      if (this.loaded === null) return { exit: 5, stderr: 'not loaded' };
      this.running = true;
      return {};
    };
    const forget = () => {
      this.loaded = null;
      this.running = false;
      return {};
    };
    switch (id) {
      case 'unit-show':
        return {
          stdout: `LoadState=${this.loaded ? 'loaded' : 'not-found'}\nActiveState=${this.running ? 'active' : 'inactive'}\nUnitFileState=${this.enabled ? 'enabled' : 'disabled'}\nMainPID=${this.running ? 812 : 0}\n`,
        };
      case 'units-reload':
        this.loaded = file;
        return {};
      case 'unit-enable':
      case 'daemon-enable':
      case 'task-enable':
        this.enabled = true;
        return {};
      case 'unit-restart':
      case 'task-run':
        return start();
      case 'unit-disable':
        this.running = this.enabled = false;
        return {};
      case 'daemon-print':
        return this.loaded
          ? { stdout: `system/lockstep.agent = {\n\tactive count = 1\n${this.running ? '\tpid = 4242\n' : ''}}\n` }
          : { exit: 113 };
      case 'daemons-disabled':
        return {
          stdout: `disabled services = {\n\t"com.apple.ftpd" => disabled\n\t"lockstep.agent" => ${this.enabled ? 'enabled' : 'disabled'}\n}\n`,
        };
      case 'daemon-bootstrap': {
        // launchd refuses a service that it has already.
        if (this.loaded) return { exit: 5, stderr: 'Bootstrap failed: 5: Input/output error' };
        const loaded = load();
        return 'exit' in loaded ? loaded : start();
      }
      case 'daemon-bootout':
        return this.loaded ? forget() : { exit: 3, stderr: 'Boot-out failed: 3: No such process' };
      case 'elevated-ask':
        return { exit: this.isPrivileged ? 0 : 1 };
      case 'task-query':
        return { exit: this.loaded && this.isPrivileged ? 0 : 1 };
      case 'task-state':
        return { stdout: `${this.running ? 4 : this.enabled ? 3 : 1}\r\n` };
      case 'task-create':
        this.enabled = true;
        return load();
      case 'task-end':
        this.running = false;
        return {};
      case 'task-delete':
        return this.loaded ? forget() : { exit: 1 };
      case 'folder-own':
      case 'folder-close':
      case 'folder-inherit':
        return {};
    }
  }
}
