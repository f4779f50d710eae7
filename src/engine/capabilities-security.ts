/** What the kernel offers to hold a process in and to see what it does. */
import { absent, type Probe, present, probe } from "./capabilities-probe.ts";

export const probeSecurity: readonly Probe[] = [
  probe("kernel", ({ host }) => present(`Linux ${host.files.findTextNow("/proc/sys/kernel/osrelease")?.trim() ?? "of unknown release"}`)),
  probe("user-namespaces", ({ host }) => {
    const most = Number(host.files.findTextNow("/proc/sys/user/max_user_namespaces") ?? 0);
    return most > 0 ? present(`up to ${most}`) : absent("user.max_user_namespaces is 0, or the kernel has none");
  }),
  probe("seccomp", ({ host }) => {
    const actions = host.files.findTextNow("/proc/sys/kernel/seccomp/actions_avail")?.trim();
    return actions === undefined ? absent("the kernel has no seccomp filters") : present(actions);
  }),
  probe("audit", ({ host }) => {
    if (host.files.findTextNow("/proc/self/loginuid") === undefined) return absent("the kernel has no audit");
    using control = new host.kernel.audit.AuditControl();
    const { enabled, locked, pid } = control.readStatus();
    const words = [
      enabled ? "on" : "off",
      ...(locked ? ["rules locked until the next boot"] : []),
      ...(pid === 0 ? [] : [`auditd is ${pid}`]),
    ];
    return locked ? absent(words.join(", ")) : present(words.join(", "));
  }),
  probe("fanotify", async ({ host, directory }) => {
    const file = `${directory}/exec-gate`;
    await host.files.write(file, "");
    host.kernel.features.tryExecGate(file);
    return present("can allow and deny executions");
  }),
  probe("landlock", ({ host }) => present(`interface version ${host.kernel.features.readLandlockVersion()}`)),
  probe("kvm", async ({ host }) => ((await host.files.find("/dev/kvm")) ? present("/dev/kvm") : absent("no /dev/kvm: emulation only"))),
];
