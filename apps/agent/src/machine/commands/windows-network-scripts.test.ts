import { describe, expect, it } from '@jest/globals';
import { argumentsOf } from '../run.js';
import { NETWORK_FIX_COMMANDS } from './network-fixes.js';
import * as scripts from './windows-network-scripts.js';

const texts = Object.entries(scripts);
/** What each of them does, and nothing besides: cmdlets that change something, by script. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  WINDOWS_RESPONDER: [],
  WINDOWS_RESPONDER_RESTART: ['Restart-Service'],
  WINDOWS_LOCATION_RESTART: ['Restart-Service'],
  WINDOWS_NAMES_RULE: ['New-NetFirewallRule', 'Remove-NetFirewallRule'],
  WINDOWS_METRIC: ['Set-NetIPInterface'],
  WINDOWS_METRIC_AUTOMATIC: ['Set-NetIPInterface'],
};
const READS = /^(Get|Select|Where|ForEach|ConvertTo|New-Object)/;

describe('what network fixes have PowerShell do', () => {
  it.each(texts)('%s is one argument, and changes what it is named for', (name, text) => {
    expect(text).not.toMatch(/["\r\n\t]/);
    const bare = text.replace(/'(?:[^']|'')*'/g, "''");
    const cmdlets = [...new Set([...bare.matchAll(/\b[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b/g)].map((m) => m[0]))];
    expect(cmdlets.filter((c) => !READS.test(c)).sort()).toEqual(CHANGES[name]);
    expect([...bare.matchAll(/[{}()]/g)].map((m) => m[0]).reduce((depth, c) => depth + (/[{(]/.test(c) ? 1 : -1), 0)).toBe(0);
    expect(bare).not.toMatch(/\biex\b|;\s*;|&\s*['(]/i);
  });

  it('opens names on private and company networks, by a name of its own, and never on public ones', () => {
    expect(scripts.WINDOWS_NAMES_RULE).toMatch(
      /-Name 'Lockstep-mDNS-In' .*-Direction Inbound -Protocol UDP -LocalPort 5353 -Action Allow -Profile Private,Domain;/,
    );
    expect(scripts.WINDOWS_NAMES_RULE).not.toMatch(/Public|Any|Set-NetConnectionProfile/);
  });

  it('sets a metric until the next restart, with numbers as arguments of their own', () => {
    const args = argumentsOf(NETWORK_FIX_COMMANDS['metric-set'].args, (id) => ({ metric: '60', ifindex: '21' })[id as 'metric'] ?? '');
    expect(args.slice(5)).toEqual(['-Command', scripts.WINDOWS_METRIC, '60', '-InterfaceIndex', '21']);
    expect(scripts.WINDOWS_METRIC).toContain('-PolicyStore ActiveStore');
    const back = argumentsOf(NETWORK_FIX_COMMANDS['metric-automatic'].args, () => '21');
    expect(back.slice(5)).toEqual(['-Command', scripts.WINDOWS_METRIC_AUTOMATIC, '21']);
  });
});
