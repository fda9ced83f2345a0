import { BEGIN, END, GLASS, PROCESSES, RESTRICTIONS, SERVICES, script } from './windows-script-parts.js';

/**
 * What fixes ask Windows PowerShell 5.1 right before they act, and the one thing that they have it do: what no program of Windows does by
 * fixed arguments. The texts are made as those of windows-scripts.ts are.
 */

/** Apple's service, its processes, and the session in front: a second, where everything about phones takes several. */
export const WINDOWS_SERVICE = script(BEGIN, SERVICES, PROCESSES, GLASS, END);

const SIGNATURE = `signed=$(if ($g) { [int]$g.Status }); signer=$g.SignerCertificate.Subject`;

/**
 * Apple's driver packages where Windows keeps them, with who signed each catalogue (Zadig and its like sign with a certificate of their
 * own), and what Group Policy keeps out.
 */
export const WINDOWS_DRIVERS = script(
  BEGIN,
  `S 'packages' { foreach ($n in 'appleusb','usbaapl64') { foreach ($f in (Get-ChildItem -Path 'C:\\Windows\\System32\\DriverStore\\FileRepository' -Filter ($n+'.inf_*')))`,
  `{ $i=Join-Path $f.FullName ($n+'.inf'); $c=Get-ChildItem -LiteralPath $f.FullName -Filter '*.cat' | Select-Object -First 1; $g=$null;`,
  `if ($c) { $g=Get-AuthenticodeSignature -LiteralPath $c.FullName -ErrorAction SilentlyContinue };`,
  `$m=Select-String -LiteralPath $i -Pattern '^\\s*DriverVer\\s*=\\s*[^,]*,\\s*([0-9.]+)' | Select-Object -First 1;`,
  `[pscustomobject]@{path=$i; version=$(if ($m) { $m.Matches[0].Groups[1].Value }); ${SIGNATURE}} } } };`,
  RESTRICTIONS,
  END,
);

/** The rules of the port proxy, each with where it forwards to: enough to take one away, and to put it back. */
export const WINDOWS_PORT_PROXY = script(
  BEGIN,
  `S 'rules' { foreach ($t in 'v4tov4','v4tov6')`,
  `{ $k=Get-Item -LiteralPath ('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\'+$t+'\\tcp') -ErrorAction SilentlyContinue;`,
  `if ($k) { foreach ($n in $k.Property) { [pscustomobject]@{type=$t; listen=$n.ToString(); to=[string]$k.GetValue($n)} } } } };`,
  END,
);

/** The Store's packages that bring a multiplexer, by preference: Apple Devices, then iTunes. */
const STORE_PACKAGES = `@(Get-AppxPackage -AllUsers -Name 'AppleInc.AppleDevices')+@(Get-AppxPackage -AllUsers -Name 'AppleInc.iTunes')`;

/** Which of them are installed; Apple's processes and the session in front beside it. */
export const WINDOWS_STORE_APP = script(
  BEGIN,
  `S 'apps' { ${STORE_PACKAGES} | ForEach-Object { [pscustomobject]@{name=$_.Name; family=$_.PackageFamilyName; version=[string]$_.Version} } };`,
  SERVICES,
  PROCESSES,
  GLASS,
  END,
);

/**
 * Opens the Store's app in the session in front. A Store app starts neither for the system nor elevated, so the shell of the person who
 * sits there is asked to: by a task that runs as that person, unelevated, and is removed at once. Which of the app's entries it is stands
 * in the app's manifest; `AMPDevicesAgent` has no window. Nothing in it comes from outside the computer.
 */
export const WINDOWS_STORE_APP_START = script(
  BEGIN,
  `S 'started' { $g=(Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server').GlassSessionId;`,
  `$e=Get-CimInstance -ClassName Win32_Process -Filter ('Name=''explorer.exe'' AND SessionId='+[int]$g) | Select-Object -First 1;`,
  `if (-not $e) { throw 'no-person' }; $w=(Invoke-CimMethod -InputObject $e -MethodName 'GetOwnerSid').Sid;`,
  `$p=${STORE_PACKAGES} | Select-Object -First 1; if (-not $p) { throw 'no-app' };`,
  `$m=[xml](Get-Content -LiteralPath (Join-Path $p.InstallLocation 'AppxManifest.xml') -Raw);`,
  `$i=@($m.Package.Applications.Application | ForEach-Object { $_.Id });`,
  `$a=$(if ($i -contains 'AMPDevicesAgent') { 'AMPDevicesAgent' } elseif ($i -contains 'App') { 'App' } else { $i[0] });`,
  `$t='Lockstep opens the app for phones';`,
  `$x=New-ScheduledTaskAction -Execute 'C:\\Windows\\explorer.exe' -Argument ('shell:AppsFolder\\'+$p.PackageFamilyName+'!'+$a);`,
  `$r=New-ScheduledTaskPrincipal -UserId $w -LogonType Interactive -RunLevel Limited;`,
  `$s=New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries;`,
  `$null=Register-ScheduledTask -TaskName $t -Action $x -Principal $r -Settings $s -Force;`,
  `try { Start-ScheduledTask -TaskName $t; Start-Sleep -Seconds 2 } finally { Unregister-ScheduledTask -TaskName $t -Confirm:$false }; $a };`,
  END,
);
