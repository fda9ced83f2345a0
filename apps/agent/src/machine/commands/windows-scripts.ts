import { BEGIN, END, GLASS, HOMES, PROCESSES, RESTRICTIONS, SERVICES, script } from './windows-script-parts.js';

/**
 * The questions that Windows PowerShell 5.1 is asked, each a fixed text. A start of it costs half a second to a second of a processor, so
 * a script gathers all that is asked equally often. Each section fails by itself and says why by error id and HRESULT, never by its
 * localised message; dates leave as ISO 8601, so that no culture's calendar reaches the parser. The text is one line without double quotes:
 * it is one argument, and nothing has to be escaped on its way.
 */

/** Properties of a device node (learn.microsoft.com, "DEVPKEY"). Keys that a node does not have come back empty and are left out. */
const NODE_PROPERTIES = script(
  `$w='Service','DriverInfPath','DriverVersion','DriverProvider','LocationPaths','LastArrivalDate','LastRemovalDate','Parent',`,
  `'LastKnownParent','HardwareIds','CompatibleIds' | ForEach-Object { 'DEVPKEY_Device_'+$_ };`,
  `function P($i) { $h=@{}; foreach ($x in (Get-PnpDeviceProperty -InstanceId $i -KeyName $w -ErrorAction SilentlyContinue))`,
  `{ if ($x.Type -ne 'Empty') { $h[$x.KeyName.Substring(15)]=$x.Data } }; $h };`,
);

/** Apple's nodes and those that never became a device, present ones only, with everything above them on the bus. */
const NODES = script(
  `S 'nodes' { foreach ($d in (Get-PnpDevice -PresentOnly | Where-Object { $_.InstanceId -like 'USB\\VID_05AC*' -or $_.InstanceId -like 'USB\\VID_0000*' }))`,
  `{ $q=P $d.InstanceId; $u=@(); $p=$q.Parent;`,
  `while ($p -like 'USB\\VID_*' -and $u.Count -lt 16) { $u+=$p; $p=(Get-PnpDeviceProperty -InstanceId $p -KeyName 'DEVPKEY_Device_Parent').Data };`,
  `[pscustomobject]@{id=$d.InstanceId; code=$d.ConfigManagerErrorCode; service=$q.Service; inf=$q.DriverInfPath; version=$q.DriverVersion;`,
  `provider=$q.DriverProvider; places=@($q.LocationPaths); arrived=(D $q.LastArrivalDate); parent=$q.Parent; above=@($u);`,
  `hardware=@($q.HardwareIds); compatible=@($q.CompatibleIds)} } };`,
);

/**
 * Who listens on 27015, whose program it is and who signed it. Status 0 is "valid" (System.Management.Automation.SignatureStatus). The
 * port proxy's rules stand in the registry as `address/port`; netsh prints them in the system's language.
 */
const PORT = script(
  `S 'port' { foreach ($c in (Get-NetTCPConnection -State Listen -LocalPort 27015))`,
  `{ $p=Get-Process -Id $c.OwningProcess -ErrorAction SilentlyContinue; $f=$p.Path; $g=$null;`,
  `if ($f) { $g=Get-AuthenticodeSignature -LiteralPath $f -ErrorAction SilentlyContinue };`,
  `[pscustomobject]@{address=$c.LocalAddress; pid=$c.OwningProcess; name=$p.ProcessName; session=$p.SessionId; path=$f;`,
  `signed=$(if ($g) { [int]$g.Status }); signer=$g.SignerCertificate.Subject} } };`,
  `S 'proxy' { foreach ($t in 'v4tov4','v4tov6')`,
  `{ $k=Get-Item -LiteralPath ('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\'+$t+'\\tcp') -ErrorAction SilentlyContinue;`,
  `if ($k) { foreach ($n in $k.Property) { $n.ToString() } } } };`,
);

/**
 * The last restore's log of each person and the end of it while it is young: iTunes and Apple Devices write it, in English everywhere.
 */
const RESTORES = script(
  `S 'restores' { foreach ($u in $o['homes'].ok) { foreach ($t in 'AppData\\Roaming\\Apple Computer\\iTunes',`,
  `'AppData\\Local\\Packages\\AppleInc.AppleDevices_nzyj5cx40ttqa\\LocalCache\\Roaming\\Apple Computer\\iTunes')`,
  `{ $f=Get-ChildItem -Path (Join-Path (Join-Path $u.LocalPath $t) '*Updater Logs\\*.log') -ErrorAction SilentlyContinue | Sort-Object -Property 'LastWriteTimeUtc' | Select-Object -Last 1;`,
  `if ($f) { $l=@(); if (((Get-Date).ToUniversalTime()-$f.LastWriteTimeUtc).TotalHours -lt 24)`,
  `{ $l=@(Get-Content -LiteralPath $f.FullName -Tail 200 | ForEach-Object { $_.ToString() }) };`,
  `[pscustomobject]@{at=(D $f.LastWriteTimeUtc); lines=$l} } } } };`,
);

/** One query of the event log as a section; the quotes of its XPath are doubled for PowerShell's. */
function events(section: string, selects: readonly { log: string; where: string; withinMs: number }[], most: number): string {
  const query = selects.map(
    (s) => `<Select Path='${s.log}'>*[System[(${s.where}) and TimeCreated[timediff(@SystemTime) &lt;= ${s.withinMs}]]]</Select>`,
  );
  const xml = `<QueryList><Query Id='0'>${query.join('')}</Query></QueryList>`;
  return script(
    `S '${section}' { Get-WinEvent -FilterXml '${xml.replaceAll("'", "''")}' -MaxEvents ${most} | ForEach-Object {`,
    `$v=@($_.Properties | ForEach-Object { [string]$_.Value });`,
    `$u=$v | Where-Object { $_ -like 'USB\\*' -or $_ -like 'PCI\\*' } | Select-Object -First 1; if (-not $u) { $u=$v | Select-Object -First 1 };`,
    `[pscustomobject]@{id=$_.Id; source=$_.ProviderName; at=(D $_.TimeCreated); of=$u} } };`,
  );
}

const DAY_MS = 86_400_000;
/** Events of the bus are looked at for two hours back, ms: the parser says the same window. */
export const LOG_WINDOW_MS = 7_200_000;

/**
 * Services that ended (Service Control Manager 7031, 7034), programs that crashed (Application Error 1000), and returns from sleep:
 * Power-Troubleshooter 1, Kernel-Power 107, and 507 for computers with modern standby.
 */
const CRASHES_AND_RESUMES = events(
  'events',
  [
    {
      log: 'System',
      where: [
        `(Provider[@Name='Service Control Manager'] and (EventID=7031 or EventID=7034))`,
        `(Provider[@Name='Microsoft-Windows-Power-Troubleshooter'] and EventID=1)`,
        `(Provider[@Name='Microsoft-Windows-Kernel-Power'] and (EventID=107 or EventID=507))`,
      ].join(' or '),
      withinMs: DAY_MS,
    },
    { log: 'Application', where: `Provider[@Name='Application Error'] and EventID=1000`, withinMs: DAY_MS },
  ],
  400,
);

/** What is asked about once a minute and when a phone came or went. */
export const WINDOWS_NOW = script(
  BEGIN,
  NODE_PROPERTIES,
  NODES,
  SERVICES,
  PROCESSES,
  PORT,
  GLASS,
  HOMES,
  RESTORES,
  CRASHES_AND_RESUMES,
  END,
);

/** The proof alone of who listens: asked before a pair record is handed over. */
export const WINDOWS_LISTENER = script(BEGIN, PORT, END);

/**
 * What the bus's history tells: event 1010 of Kernel-PnP's "Device Management" channel for devices that went without being asked, 411 of
 * "Configuration" for those that could not be started, and the arrival and removal dates of every node that is Apple's, that failed, or
 * that an event names. Events 400 and 420 are no plugging in or out: they tell of configuring.
 */
export const WINDOWS_LOG = script(
  BEGIN,
  NODE_PROPERTIES,
  events('removals', [{ log: 'Microsoft-Windows-Kernel-PnP/Device Management', where: 'EventID=1010', withinMs: LOG_WINDOW_MS }], 400),
  events('problems', [{ log: 'Microsoft-Windows-Kernel-PnP/Configuration', where: 'EventID=411', withinMs: LOG_WINDOW_MS }], 400),
  CRASHES_AND_RESUMES,
  `S 'marks' { $a=@(Get-PnpDevice | ForEach-Object { $_.InstanceId } | Where-Object { $_ -like 'USB\\VID_05AC*' -or $_ -like 'USB\\VID_0000*' });`,
  `$a+=@($o['removals'].ok | ForEach-Object { $_.of });`,
  `$l=@(Get-PnpDevice -PresentOnly | ForEach-Object { $_.InstanceId });`,
  `foreach ($i in ($a | Where-Object { $_ -and $_ -notlike '*&MI_*' } | Select-Object -Unique -First 96)) { $q=P $i; $p=$q.Parent; if (-not $p) { $p=$q.LastKnownParent };`,
  `[pscustomobject]@{id=$i; present=($l -contains $i); arrived=(D $q.LastArrivalDate); removed=(D $q.LastRemovalDate); parent=$p; places=@($q.LocationPaths)} } };`,
  END,
);

const UNINSTALL = `'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*','HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*'`;

/**
 * Apple's programs. Its installers write versions under names of keys that no language changes; the list of installed programs, whose
 * display names are translated, is read beside them. Store apps of all accounts show to administrators only: the flag tells which was asked.
 */
const SOFTWARE = script(
  `S 'keys' { foreach ($r in 'HKLM:\\SOFTWARE\\','HKLM:\\SOFTWARE\\WOW6432Node\\') { foreach ($k in 'Apple Computer, Inc.\\iTunes','Apple Inc.\\Apple Mobile Device Support','Apple Inc.\\Bonjour')`,
  `{ $q=Get-ItemProperty -LiteralPath ($r+$k) -ErrorAction SilentlyContinue;`,
  `if ($q) { [pscustomobject]@{key=$k; wow=($r -like '*WOW*'); version=[string]$q.Version} } } } };`,
  `S 'programs' { Get-ItemProperty -Path ${UNINSTALL} -ErrorAction SilentlyContinue | Where-Object { $_.Publisher -like 'Apple*' }`,
  `| ForEach-Object { [pscustomobject]@{name=$_.DisplayName; version=[string]$_.DisplayVersion; wow=($_.PSPath -like '*WOW6432Node*')} } };`,
  `S 'apps' { Get-AppxPackage -AllUsers -Name 'AppleInc.*' | ForEach-Object { [pscustomobject]@{name=$_.Name; version=[string]$_.Version; arch=[string]$_.Architecture} } };`,
  `S 'ownapps' { Get-AppxPackage -Name 'AppleInc.*' | ForEach-Object { [pscustomobject]@{name=$_.Name; version=[string]$_.Version; arch=[string]$_.Architecture} } };`,
  `S 'drivers' { foreach ($n in 'appleusb.inf','usbaapl64.inf','usbaapl.inf') { foreach ($f in (Get-ChildItem -Path 'C:\\Windows\\System32\\DriverStore\\FileRepository' -Filter ($n+'_*')))`,
  `{ $m=Select-String -LiteralPath (Join-Path $f.FullName $n) -Pattern '^\\s*DriverVer\\s*=\\s*[^,]*,\\s*([0-9.]+)' | Select-Object -First 1;`,
  `[pscustomobject]@{inf=$n; version=$(if ($m) { $m.Matches[0].Groups[1].Value })} } } };`,
);

const POLICIES = script(
  RESTRICTIONS,
  events('refusals', [{ log: 'Security', where: 'EventID=6423', withinMs: DAY_MS }], 100),
  `S 'setupapi' { Get-Content -LiteralPath 'C:\\Windows\\INF\\setupapi.dev.log' -Tail 6000 | Where-Object { $_ -like '>>>*' -or $_ -like '*e0000248*' } | ForEach-Object { $_.ToString() } };`,
);

/** Numbers only: NetworkCategory 0 is public; Enabled, AllowInboundRules and rules' Enabled are GpoBoolean and 1/2 enumerations. */
const NETWORK = script(
  `S 'routes' { Get-NetRoute -DestinationPrefix '0.0.0.0/0' | ForEach-Object { [pscustomobject]@{index=[int]$_.ifIndex; alias=$_.InterfaceAlias; metric=([int]$_.RouteMetric+[int]$_.InterfaceMetric)} } };`,
  `S 'adapters' { Get-NetAdapter | ForEach-Object { [pscustomobject]@{index=[int]$_.ifIndex; name=$_.Name; says=$_.InterfaceDescription; up=([int]$_.InterfaceOperationalStatus -eq 1);`,
  `type=[int]$_.InterfaceType; medium=[int]$_.NdisPhysicalMedium; hardware=[bool]$_.HardwareInterface; pnp=$_.PnPDeviceID} } };`,
  `S 'vpns' { Get-VpnConnection -AllUserConnection | ForEach-Object { $_.Name.ToString() } };`,
  `S 'walls' { Get-NetFirewallProfile -PolicyStore ActiveStore | ForEach-Object { [pscustomobject]@{name=[string]$_.Name; enabled=[int]$_.Enabled; inbound=[int]$_.AllowInboundRules; rest=[int]$_.DefaultInboundAction} } };`,
  `S 'rules' { Get-NetFirewallRule -Name 'MDNS-In-UDP*' | ForEach-Object { [pscustomobject]@{name=[string]$_.Name; enabled=[int]$_.Enabled; action=[int]$_.Action} } };`,
  // Whatever else lets names in: rules for their port, Bonjour's, and the one that a fix of this agent made.
  `S 'named' { $a=@{PolicyStore='ActiveStore'; ErrorAction='SilentlyContinue'};`,
  `@(Get-NetFirewallPortFilter -Protocol 'UDP' @a | Where-Object { $_.LocalPort -eq '5353' } | Get-NetFirewallRule)+@(Get-NetFirewallRule -DisplayName 'Bonjour*' @a)+@(Get-NetFirewallRule -Name 'Lockstep-mDNS-In' @a)`,
  `| Where-Object { [int]$_.Direction -eq 1 } | ForEach-Object { [pscustomobject]@{name=[string]$_.Name; enabled=[int]$_.Enabled; action=[int]$_.Action; profiles=[int]$_.Profile} } };`,
  `S 'metrics' { Get-NetIPInterface -AddressFamily IPv4 -ConnectionState Connected | ForEach-Object { [pscustomobject]@{index=[int]$_.ifIndex; metric=[int]$_.InterfaceMetric; automatic=[int]$_.AutomaticMetric} } };`,
  `S 'networks' { Get-NetConnectionProfile | ForEach-Object { [pscustomobject]@{index=[int]$_.InterfaceIndex; category=[int]$_.NetworkCategory} } };`,
);

/** The way to the server and the firewall: asked apart from the rest, since a phone's own network comes and goes with it. */
export const WINDOWS_NETWORK = script(BEGIN, NETWORK, END);

/** What changes rarely: asked a few times an hour at most. */
export const WINDOWS_SLOW = script(
  BEGIN,
  `S 'system' { $q=Get-ItemProperty -LiteralPath 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'; $e=Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';`,
  `[pscustomobject]@{build=[string]$q.CurrentBuild; ubr=[int]$q.UBR; edition=[string]$q.EditionID; shown=[string]$q.DisplayVersion; release=[string]$q.ReleaseId; type=[string]$q.InstallationType;`,
  `arch=[string]$e.PROCESSOR_ARCHITECTURE; media=(Test-Path -LiteralPath 'C:\\Windows\\System32\\mfplat.dll')} };`,
  `S 'restart' { [pscustomobject]@{servicing=(Test-Path -LiteralPath 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending');`,
  `update=(Test-Path -LiteralPath 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired');`,
  `renames=@((Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager').PendingFileRenameOperations | Where-Object { $_ })} };`,
  SOFTWARE,
  POLICIES,
  `S 'suspend' { C:\\Windows\\System32\\powercfg.exe /q SCHEME_CURRENT 2a737441-1930-4402-8d77-b2bebba308a3 48e6b7a6-50f5-4782-a5d4-53bb8f07e226 | ForEach-Object { $_.ToString() } };`,
  `S 'hubs' { Get-CimInstance -Namespace root/wmi -ClassName MSPower_DeviceEnable | Where-Object { $_.InstanceName -like 'USB\\*' } | Select-Object -Property 'InstanceName','Enable' };`,
  // A number for each battery, none for a computer without one.
  `S 'batteries' { Get-CimInstance -ClassName Win32_Battery | ForEach-Object { [pscustomobject]@{status=[int]$_.BatteryStatus} } };`,
  SERVICES,
  `S 'store' { (Get-Acl -LiteralPath 'C:\\ProgramData\\Apple\\Lockdown').Sddl };`,
  END,
);
