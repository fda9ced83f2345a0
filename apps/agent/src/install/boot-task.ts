import type { Program } from './program.js';

/** Where the task's text lies for schtasks to read: a place that ordinary users cannot write, or they could swap it before it is read. */
export const TASK_PATH = 'C:\\Program Files\\Lockstep\\agent-task.xml';

/**
 * The boot task, by Task Scheduler's published schema (learn.microsoft.com, "Task Scheduler Schema"): as SYSTEM (S-1-5-18), at the start of
 * the computer, on battery too, without a time limit (PT0S). A run that failed is begun again after a minute, at most 255 times
 * (`unsignedByte`); the trigger's repetition looks every five minutes and, by IgnoreNew, starts it only when it does not run. UTF-16 with a
 * byte order mark, as Task Scheduler itself writes tasks.
 */
export function bootTask({ node, script }: Program): Buffer {
  const text = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <URI>\\Lockstep\\Agent</URI>
    <Description>Lockstep agent: looks after the iPhones of this computer. Written by lockstep-agent install.</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Repetition>
        <Interval>PT5M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </BootTrigger>
  </Triggers>
  <Principals>
    <Principal id="System">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="System">
    <Exec>
      <Command>${xml(node)}</Command>
      <Arguments>${xml(`"${script}" run --wait`)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
  return Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
