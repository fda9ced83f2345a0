import { describe, expect, it } from '@jest/globals';
import { WINDOWS_COMMANDS } from './windows.js';
import * as scripts from './windows-scripts.js';

const texts = Object.entries(scripts).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : []));

/** Every one of them reads. */
const CMDLETS: ReadonlySet<string> = new Set([
  'ConvertTo-Json',
  'ForEach-Object',
  'Get-Acl',
  'Get-AppxPackage',
  'Get-AuthenticodeSignature',
  'Get-ChildItem',
  'Get-CimInstance',
  'Get-Content',
  'Get-Date',
  'Get-Item',
  'Get-ItemProperty',
  'Get-NetAdapter',
  'Get-NetConnectionProfile',
  'Get-NetFirewallPortFilter',
  'Get-NetFirewallProfile',
  'Get-NetFirewallRule',
  'Get-NetIPInterface',
  'Get-NetRoute',
  'Get-NetTCPConnection',
  'Get-PnpDevice',
  'Get-PnpDeviceProperty',
  'Get-Process',
  'Get-VpnConnection',
  'Get-WinEvent',
  'Join-Path',
  'New-Object',
  'Select-Object',
  'Select-String',
  'Sort-Object',
  'Test-Path',
  'Where-Object',
]);

describe('what PowerShell is asked', () => {
  it.each(texts)('%s is one argument: nothing in it has to be escaped on its way to a Windows command line', (_name, text) => {
    expect(text).not.toMatch(/["\r\n\t]/);
    // CreateProcess takes 32767 characters (learn.microsoft.com); the path and the switches need some of them.
    expect(text.length).toBeLessThan(30_000);
  });

  it.each(texts)('%s only looks: it uses these cmdlets and no other, and no text becomes a command', (_name, text) => {
    const bare = text.replace(/'(?:[^']|'')*'/g, "''");
    const cmdlets = new Set([...bare.matchAll(/\b[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b/g)].map((m) => m[0]));
    expect([...cmdlets].filter((c) => !CMDLETS.has(c))).toEqual([]);
    expect([...bare.matchAll(/New-Object (\S+)/g)].map((m) => m[1])).toEqual(['Text.UTF8Encoding']);
    // Programs beside PowerShell itself, redirections, calls of text.
    expect(
      [...bare.matchAll(/[A-Za-z:\\0-9]+\.exe\b/g)].map((m) => m[0]).filter((p) => p !== 'C:\\Windows\\System32\\powercfg.exe'),
    ).toEqual([]);
    expect(bare).not.toMatch(/\biex\b|>\s*\S+\.|&\s*['(]/i);
  });

  it.each(texts)('%s closes what it opens', (_name, text) => {
    // Text in quotes may hold anything; a doubled quote inside is one quote.
    const bare = text.replace(/'(?:[^']|'')*'/g, "''");
    for (const [open, close] of ['{}', '()', '[]'] as const) {
      let depth = 0;
      for (const c of bare) {
        depth += c === open ? 1 : c === close ? -1 : 0;
        expect(depth).toBeGreaterThanOrEqual(0);
      }
      expect([open, depth]).toEqual([open, 0]);
    }
    expect(bare).not.toMatch(/;\s*;/);
  });

  it('is asked without a profile, without a person, and of the one that Windows ships', () => {
    for (const row of Object.values(WINDOWS_COMMANDS)) {
      if (!row.programs[0].endsWith('powershell.exe')) continue;
      expect(row.programs).toEqual(['C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe']);
      expect(row.args.slice(0, 6)).toEqual(['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command']);
      expect(row.args).toHaveLength(7);
    }
  });
});
