/** No container: the same files as root of a mount namespace, and a network namespace. What fails here fails for no merit of a container. */
import { chmodSync, mkdirSync } from "node:fs";
import type { Area } from "../bench/area.ts";
import { run } from "../bench/run-program.ts";
import type { Run, ScriptRequest, Target } from "./target.ts";
import type { World } from "./world.ts";

const enter = String.raw`
R=$1; user=$2; shift 2
mount --bind "$R" "$R"
mount -t proc proc "$R/proc"; mount -t sysfs sysfs "$R/sys"; mount --rbind /sys/fs/cgroup "$R/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$R/dev"; mkdir "$R/dev/shm" "$R/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"; mount -t devpts -o newinstance,ptmxmode=0666 devpts "$R/dev/pts"; ln -s pts/ptmx "$R/dev/ptmx"
for n in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$R/dev/\${n%:*}" c 1 "\${n#*:}"; done
cd "$R"; mkdir -p .host; pivot_root . .host; perl -e '$p = "/.host"; syscall(166, $p, 2) == 0 or die $!'
exec chroot --userspec="$user" / /usr/bin/perl -e "$1" 2>&1
`.replaceAll("\\$", "$");

export class ControlTarget implements Target {
  readonly name = "control";
  readonly world: World;
  readonly limits = new Set<never>();
  readonly socket = "";
  readonly #root: string;

  private constructor(root: string, world: World) {
    this.#root = root;
    this.world = world;
  }

  static async make(area: Area, world: World, archive: string): Promise<ControlTarget> {
    const root = area.directory("control");
    await run("tar", ["-C", root, "-xf", archive]);
    for (const place of ["tmp", "var/tmp", "run", "srv/data", "var/log/nginx"]) {
      mkdirSync(`${root}/${place}`, { recursive: true });
      chmodSync(`${root}/${place}`, 0o1777);
    }
    return new ControlTarget(root, world);
  }

  async run({ role, script, environment, timeoutMs }: ScriptRequest): Promise<Run> {
    const user = role === "service" ? "33:33" : "0:0";
    const inside = ["--mount", "--ipc", "--uts", "--propagation=private", "sh", "-ec", enter, "sh", this.#root, user, script];
    const [program, words] = this.world.machine.wrap("unshare", inside);
    return { output: await run(program, words, { anyExitCode: true, timeoutMs, environment }) };
  }

  addressOf(): Promise<string> {
    return Promise.resolve(this.world.machine.address);
  }

  neighbour(): Promise<string> {
    return Promise.resolve(this.world.machine.address);
  }

  logBytes(): Promise<number> {
    return Promise.resolve(0);
  }

  restart(): Promise<void> {
    return Promise.resolve();
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  generation(): Promise<string> {
    return Promise.resolve("");
  }

  events(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }
}
