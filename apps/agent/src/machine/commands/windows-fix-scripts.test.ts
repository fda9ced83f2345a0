import { describe, expect, it } from '@jest/globals';
import * as scripts from './windows-fix-scripts.js';
import { WINDOWS_FIX_COMMANDS } from './windows-fixes.js';

const texts = Object.entries(scripts);
const READS: ReadonlySet<string> = new Set([
  'ConvertTo-Json',
  'ForEach-Object',
  'Get-AppxPackage',
  'Get-AuthenticodeSignature',
  'Get-ChildItem',
  'Get-CimInstance',
  'Get-Date',
  'Get-Item',
  'Get-ItemProperty',
  'Get-Process',
  'Join-Path',
  'New-Object',
  'Select-Object',
  'Select-String',
]);
/** What opening the Store's app takes besides: a task that runs once in a person's session, and is gone. */
const OPENS = [
  'Get-Content',
  'Invoke-CimMethod',
  'New-ScheduledTaskAction',
  'New-ScheduledTaskPrincipal',
  'New-ScheduledTaskSettingsSet',
  'Register-ScheduledTask',
  'Start-ScheduledTask',
  'Start-Sleep',
  'Unregister-ScheduledTask',
];
const bareOf = (text: string) => text.replace(/'(?:[^']|'')*'/g, "''");

describe('what fixes ask PowerShell', () => {
  it.each(texts)('%s is one argument, and closes what it opens', (_name, text) => {
    expect(text).not.toMatch(/["\r\n\t]/);
    expect(text.length).toBeLessThan(30_000);
    const bare = bareOf(text);
    const count = (c: string) => bare.split(c).length;
    expect([count('{'), count('('), count('[')]).toEqual([count('}'), count(')'), count(']')]);
    expect(bare).not.toMatch(/\biex\b|&\s*['(]|;\s*;/i);
  });

  it.each(texts)('%s uses these cmdlets and no other', (name, text) => {
    const cmdlets = new Set([...bareOf(text).matchAll(/\b[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b/g)].map((m) => m[0]));
    const allowed = new Set([...READS, ...(name === 'WINDOWS_STORE_APP_START' ? OPENS : [])]);
    expect([...cmdlets].filter((c) => !allowed.has(c))).toEqual([]);
  });

  it('the one that acts runs nothing but the shell with an app of Apple’s, unelevated, and leaves nothing behind', () => {
    const text = scripts.WINDOWS_STORE_APP_START;
    expect([...text.matchAll(/-Execute '([^']*)'/g)].map((m) => m[1])).toEqual(['C:\\Windows\\explorer.exe']);
    expect([...text.matchAll(/Get-AppxPackage -AllUsers -Name '([^']*)'/g)].map((m) => m[1])).toEqual([
      'AppleInc.AppleDevices',
      'AppleInc.iTunes',
    ]);
    expect(text).toContain('-RunLevel Limited');
    expect(text).toMatch(/finally \{ Unregister-ScheduledTask/);
  });

  it('texts take no parameter: only programs with argument lists do', () => {
    for (const row of Object.values(WINDOWS_FIX_COMMANDS)) {
      if (row.programs[0].endsWith('powershell.exe')) expect(row.args.every((a: unknown) => typeof a === 'string')).toBe(true);
      expect(row.privilege).toBe('admin');
    }
  });

  it('no driver is removed by force, and no service is switched off', () => {
    const lists = Object.values(WINDOWS_FIX_COMMANDS).map((row) => JSON.stringify(row.args));
    expect(lists.some((l) => l.includes('/force') || l.includes('disabled'))).toBe(false);
  });
});
