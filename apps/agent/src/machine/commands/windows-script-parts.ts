/**
 * Parts that several scripts for Windows PowerShell 5.1 are put together from, at build time: what a computer gets is one fixed text
 * (windows-scripts.ts says how these texts are made).
 */

/** Joins the lines of a script: statements end with a semicolon of their own. */
export const script = (...lines: string[]) => lines.map((l) => l.trim()).join(' ');

/**
 * UTF-8 without a mark where the console may be set at all (constrained language mode forbids it; the parser takes UTF-16 too). `S` runs one
 * section, `D` writes a date.
 */
export const BEGIN = script(
  `$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'; $WarningPreference='SilentlyContinue';`,
  `try { [Console]::OutputEncoding=New-Object Text.UTF8Encoding $false } catch { };`,
  `function D($d) { if ($d) { ([datetime]$d).ToUniversalTime().ToString('o') } };`,
  `$o=@{v=1; at=(D (Get-Date)); local=(Get-Date).ToString('o')};`,
  `function S($n,$b) { try { $o[$n]=@{ok=@(& $b)} }`,
  `catch { $x=$_.Exception; while ($x.InnerException) { $x=$x.InnerException };`,
  `$o[$n]=@{why=[string]$_.FullyQualifiedErrorId; code=$x.HResult} } };`,
);
export const END = `ConvertTo-Json -InputObject $o -Compress -Depth 6`;

/** Win32_Service gives state and start mode in English on every system, unlike sc.exe and Get-Service's display. */
export const SERVICES = script(
  `S 'services' { Get-CimInstance -ClassName Win32_Service`,
  `-Filter 'Name=''Apple Mobile Device Service'' OR Name=''Bonjour Service'' OR Name=''lfsvc'' OR Name=''Dnscache'''`,
  `| Select-Object -Property 'Name','State','StartMode','ProcessId' };`,
);

/** Names, numbers and sessions alone: arguments of other people's programs are nobody's business. */
export const PROCESSES = `S 'processes' { Get-Process | Select-Object -Property 'Id','ProcessName','SessionId' };`;

/** The session at the computer's own screen, as the session manager writes it down. */
export const GLASS = `S 'glass' { (Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server').GlassSessionId };`;

/** People's home folders, and whether they are signed in. */
export const HOMES = `S 'homes' { Get-CimInstance -ClassName Win32_UserProfile -Filter 'Special=FALSE' | Select-Object -Property 'LocalPath','Loaded' };`;

/** Group Policy's device installation restrictions, as they stand in the registry. */
export const RESTRICTIONS = script(
  `S 'policies' { $r='HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows\\DeviceInstall\\Restrictions'; $q=Get-Item -LiteralPath $r -ErrorAction SilentlyContinue;`,
  `if ($q) { foreach ($n in $q.Property) { [pscustomobject]@{rule=$n.ToString(); value=[string]$q.GetValue($n); list=$false} };`,
  `foreach ($s in (Get-ChildItem -LiteralPath $r)) { foreach ($n in $s.Property) { [pscustomobject]@{rule=$s.PSChildName.ToString(); value=[string]$s.GetValue($n); list=$true} } } };`,
  `$d=Get-ItemProperty -LiteralPath 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows\\RemovableStorageDevices' -ErrorAction SilentlyContinue;`,
  `if ($d.Deny_All) { [pscustomobject]@{rule='RemovableStorageDevices Deny_All'; value=[string]$d.Deny_All; list=$false} } };`,
);
