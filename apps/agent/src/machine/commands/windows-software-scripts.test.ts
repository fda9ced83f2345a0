import { describe, expect, it } from '@jest/globals';
import { argumentsOf } from '../run.js';
import { SERVICES_FIX_COMMANDS } from './services-fixes.js';
import * as scripts from './windows-software-scripts.js';

const texts = Object.entries(scripts);
const TASK = [
  'New-ScheduledTaskAction',
  'New-ScheduledTaskPrincipal',
  'New-ScheduledTaskSettingsSet',
  'New-TimeSpan',
  'Register-ScheduledTask',
  'Start-ScheduledTask',
];
const SESSION = ['Invoke-CimMethod', ...TASK];
/** What each of them does, and nothing besides: cmdlets that change something, by script. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  WINDOWS_APPLE_PROGRAMS: [],
  WINDOWS_UPGRADE_ITUNES: TASK,
  WINDOWS_UPGRADE_SUPPORT: TASK,
  WINDOWS_UPGRADE_DEVICES: SESSION,
  WINDOWS_INSTALL_DEVICES: SESSION,
  WINDOWS_UPGRADE_STORE_ITUNES: SESSION,
  WINDOWS_UNINSTALL: TASK,
  WINDOWS_INSTALLER: [],
  WINDOWS_INSTALLER_FORGET: ['Unregister-ScheduledTask'],
};
/** The one package that each of them names, and where from. */
const PACKAGES: Readonly<Record<string, string>> = {
  WINDOWS_UPGRADE_ITUNES: 'upgrade --id Apple.iTunes --source winget',
  WINDOWS_UPGRADE_SUPPORT: 'upgrade --id Apple.AppleMobileDeviceSupport --source winget',
  WINDOWS_UPGRADE_DEVICES: 'upgrade --id 9NP83LWLPZ9K --source msstore',
  WINDOWS_INSTALL_DEVICES: 'install --id 9NP83LWLPZ9K --source msstore',
  WINDOWS_UPGRADE_STORE_ITUNES: 'upgrade --id 9PB2MZ1ZMB1S --source msstore',
};
const READS = /^(Get|Select|Where|ForEach|ConvertTo|Sort|New-Object)/;

describe('what fixes of Apple’s programs have PowerShell do', () => {
  it.each(texts)('%s is one argument, and changes what it is named for', (name, text) => {
    expect(text).not.toMatch(/["\r\n\t]/);
    const bare = text.replace(/'(?:[^']|'')*'/g, "''");
    const cmdlets = [...new Set([...bare.matchAll(/\b[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b/g)].map((m) => m[0]))];
    expect(cmdlets.filter((c) => !READS.test(c)).sort()).toEqual(CHANGES[name]);
    expect([...bare.matchAll(/[{}()]/g)].map((m) => m[0]).reduce((depth, c) => depth + (/[{(]/.test(c) ? 1 : -1), 0)).toBe(0);
    expect(bare).not.toMatch(/\biex\b|;\s*;|&\s*['(]/i);
  });

  it.each(Object.entries(PACKAGES))('%s names one package and one source, and asks nobody', (name, what) => {
    const text = texts.find(([n]) => n === name)?.[1] ?? '';
    expect(text).toContain(`'${what} --exact --silent --disable-interactivity `);
    expect([...text.matchAll(/--id /g)]).toHaveLength(1);
    expect(text).not.toMatch(/--force|--allow-reboot|--override|--custom/);
  });

  it.each(['WINDOWS_UPGRADE_DEVICES', 'WINDOWS_INSTALL_DEVICES', 'WINDOWS_UPGRADE_STORE_ITUNES'] as const)(
    '%s runs as the person in front, unelevated',
    (name) => {
      const text = texts.find(([n]) => n === name)?.[1] ?? '';
      expect([...text.matchAll(/-Execute '([^']*)'/g)].map((m) => m[1])).toEqual(['%LOCALAPPDATA%\\Microsoft\\WindowsApps\\winget.exe']);
      expect(text).toContain('-RunLevel Limited');
    },
  );

  it('an uninstaller gets one product code as an argument of its own, in quotes, and may not restart anything', () => {
    const code = '{6E3D0A41-7B5C-4E1D-8F20-000000000004}';
    const args = argumentsOf(SERVICES_FIX_COMMANDS['program-uninstall'].args, () => code);
    expect(args.slice(5)).toEqual(['-Command', scripts.WINDOWS_UNINSTALL, `'${code}'`]);
    expect(scripts.WINDOWS_UNINSTALL).toContain(`-Execute 'C:\\Windows\\System32\\msiexec.exe' -Argument ('/x '+$c+' /qn /norestart')`);
    expect(scripts.WINDOWS_UNINSTALL).toMatch(/\}; U$/);
  });

  it('what is installing is left alone, and Windows ends what never ends', () => {
    for (const [name, text] of texts) {
      if (!text.includes('Start-ScheduledTask')) continue;
      expect([name, text.includes(`.State -eq 'Running') { throw 'busy' }`)]).toEqual([name, true]);
      expect(text).toContain('-ExecutionTimeLimit (New-TimeSpan -Minutes 30)');
    }
  });

  it('nothing of a person is done as root: preferences are theirs, and so is who writes them', () => {
    for (const [id, row] of Object.entries(SERVICES_FIX_COMMANDS)) {
      if (!id.startsWith('hide-')) continue;
      expect(argumentsOf(row.args, () => '501').slice(0, 9)).toEqual([
        'asuser',
        '501',
        '/usr/bin/sudo',
        '-n',
        '-H',
        '-u',
        '#501',
        '--',
        '/usr/bin/defaults',
      ]);
    }
  });
});
