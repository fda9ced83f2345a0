import { BEGIN, END, GLASS, HOMES, PROCESSES, SERVICES, script } from './windows-script-parts.js';

/**
 * What is asked of Windows PowerShell 5.1 about Apple's programs right before one of them is updated or removed, and what updates them. The
 * texts are made as those of windows-scripts.ts are. No package, version or source comes from outside: each text names one package.
 */

const UNINSTALL = `'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*','HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*'`;

/** Apple's entries in the list of installed programs with their product codes, the Store's packages, and what runs. */
export const WINDOWS_APPLE_PROGRAMS = script(
  BEGIN,
  `S 'products' { Get-ItemProperty -Path ${UNINSTALL} -ErrorAction SilentlyContinue | Where-Object { $_.Publisher -like 'Apple*' }`,
  `| ForEach-Object { [pscustomobject]@{code=[string]$_.PSChildName; name=[string]$_.DisplayName; msi=([int]$_.WindowsInstaller -eq 1)} } };`,
  `S 'apps' { Get-AppxPackage -AllUsers -Name 'AppleInc.*' | ForEach-Object { [pscustomobject]@{name=$_.Name} } };`,
  SERVICES,
  PROCESSES,
  GLASS,
  HOMES,
  END,
);

/** Said for everybody: nothing is asked, and what the package asks of who installs it is accepted (learn.microsoft.com, "winget upgrade"). */
const SILENT = `--exact --silent --disable-interactivity --accept-source-agreements --accept-package-agreements`;

/** By this name the task is found again. One at a time: what works for one program would be in another's way. */
const NAME = `$t='Lockstep installs Apple software';`;
/**
 * Installers take minutes. A task of Windows runs them, so that none is cut off because an agent ends; after half an hour Windows ends it.
 * The agent looks at the task now and then, and removes it when it has ended. What works is left alone.
 */
const begin = (who: string) =>
  script(
    `if ((Get-ScheduledTask -TaskName $t -ErrorAction SilentlyContinue).State -eq 'Running') { throw 'busy' };`,
    `$r=New-ScheduledTaskPrincipal ${who};`,
    `$s=New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -ExecutionTimeLimit (New-TimeSpan -Minutes 30);`,
    `$null=Register-ScheduledTask -TaskName $t -Action $x -Principal $r -Settings $s -Force; Start-ScheduledTask -TaskName $t; 'started'`,
  );
/** The system itself (LocalSystem), by number: names of accounts are translated. */
const SYSTEM = `-UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest`;

/**
 * winget for the system: it is a package of each person, which the system does not have, so its program is started by its whole path; the
 * newest of them where there are several. What it prints is thrown away: its exit code says all, in every language.
 */
const bySystem = (what: string) =>
  script(
    BEGIN,
    `S 'done' { ${NAME} $w=Get-ChildItem -Path 'C:\\Program Files\\WindowsApps\\Microsoft.DesktopAppInstaller_*_8wekyb3d8bbwe\\winget.exe'`,
    `| Sort-Object -Property 'LastWriteTimeUtc' | Select-Object -Last 1; if (-not $w) { throw 'no-winget' };`,
    `$x=New-ScheduledTaskAction -Execute $w.FullName -Argument '${what} --source winget ${SILENT}'; ${begin(SYSTEM)} };`,
    END,
  );

/** The same with the Store, which serves nobody but a person who is signed in: the task runs as the person in front, unelevated. */
const byPerson = (what: string) =>
  script(
    BEGIN,
    `S 'done' { ${NAME} $g=(Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server').GlassSessionId;`,
    `$e=Get-CimInstance -ClassName Win32_Process -Filter ('Name=''explorer.exe'' AND SessionId='+[int]$g) | Select-Object -First 1;`,
    `if (-not $e) { throw 'no-person' }; $w=(Invoke-CimMethod -InputObject $e -MethodName 'GetOwnerSid').Sid;`,
    `$x=New-ScheduledTaskAction -Execute '%LOCALAPPDATA%\\Microsoft\\WindowsApps\\winget.exe' -Argument '${what} --source msstore ${SILENT}';`,
    `${begin('-UserId $w -LogonType Interactive -RunLevel Limited')} };`,
    END,
  );

/** Apple's packages in winget's own list (microsoft/winget-pkgs, manifests/a/Apple), and in the Store. */
export const WINDOWS_UPGRADE_ITUNES = bySystem('upgrade --id Apple.iTunes');
/** The service and the driver alone, on computers without iTunes. */
export const WINDOWS_UPGRADE_SUPPORT = bySystem('upgrade --id Apple.AppleMobileDeviceSupport');
export const WINDOWS_UPGRADE_DEVICES = byPerson('upgrade --id 9NP83LWLPZ9K');
export const WINDOWS_INSTALL_DEVICES = byPerson('install --id 9NP83LWLPZ9K');
export const WINDOWS_UPGRADE_STORE_ITUNES = byPerson('upgrade --id 9PB2MZ1ZMB1S');

/**
 * Removes one program without a word and without a restart (learn.microsoft.com, "Command-Line Options" of Windows Installer). Its product
 * code follows as an argument of its own, in quotes, which PowerShell joins to the text.
 */
export const WINDOWS_UNINSTALL = script(
  BEGIN,
  `function U($c) { S 'done' { ${NAME} $x=New-ScheduledTaskAction -Execute 'C:\\Windows\\System32\\msiexec.exe' -Argument ('/x '+$c+' /qn /norestart');`,
  `${begin(SYSTEM)} }; ${END} }; U`,
);

/** With what number the installer ended; 267009 while it runs, 267011 before it does (SCHED_S_TASK_RUNNING, SCHED_S_TASK_HAS_NOT_RUN). */
export const WINDOWS_INSTALLER = script(BEGIN, `S 'ended' { ${NAME} [long](Get-ScheduledTaskInfo -TaskName $t).LastTaskResult };`, END);
export const WINDOWS_INSTALLER_FORGET = script(
  BEGIN,
  `S 'done' { ${NAME} Unregister-ScheduledTask -TaskName $t -Confirm:$false; 'forgotten' };`,
  END,
);
