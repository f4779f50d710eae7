/** Every command, in the order of the help. A command's file is loaded when it is chosen, so that none waits for the others. */
import type { Command } from "./command.ts";

export interface CommandEntry {
  /** "build", or group and verb: "image ls". */
  readonly name: string;
  /** As commander takes them: "<name> [other...]". */
  readonly usage: string;
  readonly summary: string;
  readonly heading: (typeof headings)[number];
  readonly hidden?: boolean;
  load(): Promise<{ readonly command: Command }>;
}

export const headings = [
  "From blueprint to service:",
  "Stacks:",
  "Look and verify:",
  "Change what runs:",
  "Copies and known good states:",
  "Images:",
  "The dock:",
] as const;

/** Words that stand before several verbs. */
export const commandGroups = [
  { name: "image", summary: "sealed images: ls, show, verify, rm, prune, export, import", heading: "Images:" },
  { name: "network", summary: "what flows between a stack's ISCs: show, test", heading: "Stacks:" },
  { name: "incident", summary: "what was kept before the dock acted: ls, show, export", heading: "Look and verify:" },
  { name: "policy", summary: "what the dock would do by itself: test", heading: "Look and verify:" },
  { name: "ledger", summary: "the dock's record of everything: verify", heading: "Look and verify:" },
  { name: "dock", summary: "the daemon that owns it all: start, stop, status", heading: "The dock:" },
] as const;

const [fromBlueprint, stacks, look, change, copies, images, dock] = headings;

export const commandList: readonly CommandEntry[] = [
  {
    name: "run",
    usage: "<file>",
    summary: "build, create, start and expose",
    heading: fromBlueprint,
    load: () => import("./commands/run.ts"),
  },
  {
    name: "build",
    usage: "<file>",
    summary: "seal an image from a blueprint",
    heading: fromBlueprint,
    load: () => import("./commands/build.ts"),
  },
  {
    name: "create",
    usage: "<name> <file|image>",
    summary: "make an ISC, not started",
    heading: fromBlueprint,
    load: () => import("./commands/create.ts"),
  },

  {
    name: "up",
    usage: "<file>",
    summary: "bring a stack to what its file says",
    heading: stacks,
    load: () => import("./commands/up.ts"),
  },
  {
    name: "down",
    usage: "<stack>",
    summary: "take a stack down; data stays unless --volumes",
    heading: stacks,
    load: () => import("./commands/down.ts"),
  },
  {
    name: "diff",
    usage: "<file>",
    summary: "what up would change",
    heading: stacks,
    load: () => import("./commands/diff.ts"),
  },
  { name: "stacks", usage: "", summary: "list stacks", heading: stacks, load: () => import("./commands/stacks.ts") },
  {
    name: "network show",
    usage: "[stack]",
    summary: "its networks, as tables or as a picture",
    heading: stacks,
    load: () => import("./commands/network-show.ts"),
  },
  {
    name: "network test",
    usage: "<stack>",
    summary: "try every way, and compare with what the file says",
    heading: stacks,
    load: () => import("./commands/network-test.ts"),
  },

  { name: "ls", usage: "", summary: "list ISCs", heading: look, load: () => import("./commands/ls.ts") },
  { name: "show", usage: "<name>", summary: "everything about one ISC", heading: look, load: () => import("./commands/show.ts") },
  { name: "top", usage: "", summary: "what the running ISCs use", heading: look, load: () => import("./commands/top.ts") },
  { name: "logs", usage: "<name>", summary: "what its services wrote", heading: look, load: () => import("./commands/logs.ts") },
  {
    name: "events",
    usage: "[name]",
    summary: "what the dock has recorded",
    heading: look,
    load: () => import("./commands/events.ts"),
  },
  { name: "incident ls", usage: "", summary: "list incidents", heading: look, load: () => import("./commands/incident-ls.ts") },
  {
    name: "incident show",
    usage: "<incident>",
    summary: "what one holds, and whether it is whole",
    heading: look,
    load: () => import("./commands/incident-show.ts"),
  },
  {
    name: "incident export",
    usage: "<incident> <file>",
    summary: "write its archive to a file",
    heading: look,
    load: () => import("./commands/incident-export.ts"),
  },
  {
    name: "policy test",
    usage: "<name|file>",
    summary: "what it would have done about recorded events",
    heading: look,
    load: () => import("./commands/policy-test.ts"),
  },
  {
    name: "ledger verify",
    usage: "",
    summary: "is that record whole?",
    heading: look,
    load: () => import("./commands/ledger-verify.ts"),
  },
  {
    name: "verify",
    usage: "[name...]",
    summary: "hold what runs against the contract",
    heading: look,
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "assess",
    usage: "<name>",
    summary: "how well it is locked down, and what would help",
    heading: look,
    load: () => import("./commands/assess.ts"),
  },

  { name: "start", usage: "<name...>", summary: "start ISCs", heading: change, load: () => import("./commands/start.ts") },
  { name: "stop", usage: "<name...>", summary: "stop ISCs", heading: change, load: () => import("./commands/stop.ts") },
  { name: "restart", usage: "<name...>", summary: "stop and start ISCs", heading: change, load: () => import("./commands/restart.ts") },
  {
    name: "exec",
    usage: "<name> <command...>",
    summary: "run a command inside",
    heading: change,
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "console",
    usage: "<name>",
    summary: "open a shell inside, where there is one",
    heading: change,
    load: () => import("./commands/console.ts"),
  },
  {
    name: "expose",
    usage: "<name> <port>",
    summary: "lead a host port to it",
    heading: change,
    load: () => import("./commands/expose.ts"),
  },
  {
    name: "unexpose",
    usage: "<name> <hostport>",
    summary: "take that back",
    heading: change,
    load: () => import("./commands/unexpose.ts"),
  },
  {
    name: "quarantine",
    usage: "<name...>",
    summary: "cut the network, freeze it, keep everything",
    heading: change,
    load: () => import("./commands/quarantine.ts"),
  },
  { name: "release", usage: "<name...>", summary: "let it run on", heading: change, load: () => import("./commands/release.ts") },
  { name: "destroy", usage: "<name...>", summary: "remove ISCs for good", heading: change, load: () => import("./commands/destroy.ts") },

  {
    name: "reset",
    usage: "<name...>",
    summary: "back to the known good state, now",
    heading: copies,
    load: () => import("./commands/reset.ts"),
  },
  {
    name: "update",
    usage: "<name>",
    summary: "newer packages or another image in its place, with a way back",
    heading: copies,
    load: () => import("./commands/update.ts"),
  },
  {
    name: "cleanse",
    usage: "<name...>",
    summary: "a fresh clone in its place, without a dropped request",
    heading: copies,
    load: () => import("./commands/cleanse.ts"),
  },
  {
    name: "clone",
    usage: "<source> <name>",
    summary: "more ISCs from the same image",
    heading: copies,
    load: () => import("./commands/clone.ts"),
  },
  {
    name: "snapshot",
    usage: "<name@snapshot>",
    summary: "keep a point to go back to",
    heading: copies,
    load: () => import("./commands/snapshot.ts"),
  },
  { name: "snapshots", usage: "[name]", summary: "list snapshots", heading: copies, load: () => import("./commands/snapshots.ts") },
  {
    name: "snapshot-rm",
    usage: "<name@snapshot>",
    summary: "remove a snapshot",
    heading: copies,
    load: () => import("./commands/snapshot-rm.ts"),
  },
  {
    name: "rollback",
    usage: "<name@snapshot>",
    summary: "go back to a snapshot",
    heading: copies,
    load: () => import("./commands/rollback.ts"),
  },

  { name: "image ls", usage: "", summary: "list images", heading: images, load: () => import("./commands/image-ls.ts") },
  {
    name: "image show",
    usage: "<image>",
    summary: "everything about one image",
    heading: images,
    load: () => import("./commands/image-show.ts"),
  },
  {
    name: "image verify",
    usage: "<image>",
    summary: "check bytes and signature",
    heading: images,
    load: () => import("./commands/image-verify.ts"),
  },
  { name: "image rm", usage: "<image>", summary: "remove an image", heading: images, load: () => import("./commands/image-rm.ts") },
  {
    name: "image prune",
    usage: "",
    summary: "remove what nobody needs any more",
    heading: images,
    load: () => import("./commands/image-prune.ts"),
  },
  {
    name: "image export",
    usage: "<image> <file>",
    summary: "write an image to one file",
    heading: images,
    load: () => import("./commands/image-export.ts"),
  },
  {
    name: "image import",
    usage: "<file>",
    summary: "take in an exported image",
    heading: images,
    load: () => import("./commands/image-import.ts"),
  },

  { name: "dock start", usage: "", summary: "start the dock", heading: dock, load: () => import("./commands/dock-start.ts") },
  { name: "dock stop", usage: "", summary: "end the dock; ISCs run on", heading: dock, load: () => import("./commands/dock-stop.ts") },
  {
    name: "dock status",
    usage: "",
    summary: "the dock and what this machine is capable of",
    heading: dock,
    load: () => import("./commands/dock-status.ts"),
  },
  { name: "version", usage: "", summary: "versions of command and dock", heading: dock, load: () => import("./commands/version.ts") },
  {
    name: "dial",
    usage: "",
    summary: "join standard input and output to the dock",
    heading: dock,
    hidden: true,
    load: () => import("./commands/dial.ts"),
  },
];
