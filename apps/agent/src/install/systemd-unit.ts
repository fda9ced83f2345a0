import type { Program } from './program.js';

export const UNIT_PATH = '/etc/systemd/system/lockstep-agent.service';

/**
 * The unit of the agent, as systemd.unit(5), systemd.service(5) and systemd.exec(5) describe it.
 *
 * It runs as root, because restarting usbmuxd needs it (over D-Bus: no set-uid program is involved, so NoNewPrivileges costs nothing), but
 * with a root that can write nothing but its own folder. Left out on purpose: ProtectClock and PrivateDevices, which close /dev/bus/usb;
 * ProtectHostname, which would freeze the name that the agent reports; MemoryDenyWriteExecute, which V8's compiler does not survive;
 * WatchdogSec, because Node cannot send to systemd's datagram socket, and a watchdog that nobody serves kills a healthy agent.
 */
export function systemdUnit({ node, script }: Program): string {
  return `# Written by lockstep-agent install, which puts changes by hand right again. Change it with: systemctl edit lockstep-agent
[Unit]
Description=Lockstep agent: looks after the iPhones of this computer
Wants=network-online.target
After=network-online.target
# The agent is tried again for ever: a laptop is away for weeks and must be back by itself.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${unitWord(node)} ${unitWord(script)} run --wait
Restart=on-failure
RestartSec=30
TimeoutStopSec=20
# A tool that writes a phone's firmware is not cut off when the agent is stopped: the phone may never start again. Every other one ends within its own seconds.
KillMode=process
StateDirectory=lockstep-agent
StateDirectoryMode=0700
Environment=LOCKSTEP_AGENT_DIR=/var/lib/lockstep-agent
UMask=0077

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# Reading what belongs to others: pair record metadata, who holds a phone, the kernel's log, the firewall's rules.
CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_SYSLOG CAP_NET_ADMIN
# Older iptables take this lock even to list.
ReadWritePaths=-/run/xtables.lock

[Install]
WantedBy=multi-user.target
`;
}

/** A word of ExecStart: quoted, with what systemd expands (\`%\` specifiers, \`$\` variables) written so that it stands for itself. */
function unitWord(path: string): string {
  const plain = path.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s']/.test(plain) ? `"${plain}"` : plain;
}
