import { BEGIN, END, SERVICES, script } from './windows-script-parts.js';

/**
 * What network fixes ask Windows PowerShell 5.1 right before they act, and the one thing that they have it do. The texts are made as those
 * of windows-scripts.ts are; each says in its section `done` what came of it, or why not, by error id and HRESULT.
 */

/** Bonjour's service, Windows' own resolver and the location service: a second, where everything rare takes several. */
export const WINDOWS_RESPONDER = script(BEGIN, SERVICES, END);

/** Stops it where it runs, and starts it. */
export const WINDOWS_RESPONDER_RESTART = script(BEGIN, `S 'done' { Restart-Service -Name 'Bonjour Service' -Force; 'restarted' };`, END);

/** The same for the service that knows where the computer is. */
export const WINDOWS_LOCATION_RESTART = script(BEGIN, `S 'done' { Restart-Service -Name 'lfsvc' -Force; 'restarted' };`, END);

/** By this name the rule is found again, put right, and removed: `Remove-NetFirewallRule -Name Lockstep-mDNS-In`. */
const RULE = `-Name 'Lockstep-mDNS-In'`;

/**
 * One inbound rule of our own for multicast DNS, on networks that are private or a company's: never on public ones, and never is a network
 * declared to be anything else than it is. A rule of ours that somebody changed is put right.
 */
export const WINDOWS_NAMES_RULE = script(
  BEGIN,
  `S 'done' { $r=Get-NetFirewallRule ${RULE} -ErrorAction SilentlyContinue; if ($r) { Remove-NetFirewallRule ${RULE} };`,
  `$null=New-NetFirewallRule ${RULE} -DisplayName 'Lockstep mDNS-In' -Group 'Lockstep' -Direction Inbound -Protocol UDP -LocalPort 5353 -Action Allow -Profile Private,Domain;`,
  `$(if ($r) { 'renewed' } else { 'made' }) };`,
  END,
);

/**
 * A metric for one interface: its number and the metric follow as arguments of their own, which PowerShell joins to the text. ActiveStore:
 * until the computer is restarted, whatever becomes of the agent (learn.microsoft.com, Set-NetIPInterface).
 */
const SET_METRIC = `$ErrorActionPreference='Stop'; Set-NetIPInterface -PolicyStore ActiveStore -AddressFamily IPv4`;
export const WINDOWS_METRIC = `${SET_METRIC} -AutomaticMetric Disabled -InterfaceMetric`;
export const WINDOWS_METRIC_AUTOMATIC = `${SET_METRIC} -AutomaticMetric Enabled -InterfaceIndex`;
