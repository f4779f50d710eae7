/** The catalogue of problems: one code for each kind of thing an operator can act on, and what it means. Codes are never renamed. */

export const problemCodes = {
  USAGE: "The command line is not understood: an unknown command or option, a missing or unusable argument.",
  BUG: "An assumption inside iscadm was broken. The message carries what is needed for a report.",
  COMMAND_FAILED: "A program that iscadm relies on ended with an error; its own last lines are shown.",
  DISK_FULL: "There is no space left where iscadm keeps images, state or scratch.",
  DOCK_UNREACHABLE: "No dock answers on the socket.",
  HOST_INCAPABLE: "This machine's kernel or its installed programs lack something that the operation needs.",
  NOT_ALLOWED: "The caller has no right to do this; most operations need root.",
  CONFIG_INVALID: "The dock's configuration file has mistakes; each is shown with its line and column.",
  STATE_DAMAGED: "A state file or the ledger cannot be read or contradicts itself.",
  NAME_INVALID: "The name breaks the rules for names of ISCs, snapshots or volumes.",
  NAME_TAKEN: "Something else already has this name.",
  ISC_UNKNOWN: "No ISC has this name.",
  STACK_INVALID: "The stack file has mistakes, each shown with its line and column, or contradicts the blueprints that it names.",
  STACK_UNKNOWN: "No stack has this name.",
  STACK_DOWN: "The ISC is part of a stack that is down: without its networks it cannot run.",
  NETWORK_TAKEN: "A network of the stack would overlap addresses that somebody has already, or there are none left.",
  NETWORK_FULL: "A network of the stack has fewer addresses than ISCs that are to be on it.",
  SECRET_MISSING: "A secret that the stack names was not given, or can no longer be read.",
  PORT_TAKEN: "The host port is already exposed for another ISC or used by a program of the host.",
  BLUEPRINT_INVALID: "The blueprint has mistakes; each is shown with its line and column.",
  BUILD_FAILED: "The root file system could not be made from the blueprint.",
  SEAL_FAILED: "The root file system was built but could not be packed, hashed or signed.",
  IMAGE_UNKNOWN: "No image in the store has this digest or name.",
  IMAGE_TAMPERED: "The image's bytes are no longer those which were sealed.",
  IMAGE_UNSIGNED: "The image carries no valid signature by a trusted key.",
  SERVICE_UNKNOWN: "The image has no systemd unit for the service, and the blueprint gives no command.",
  SERVICE_UNUSABLE: "The service cannot run in an ISC as its unit, its OCI image or the blueprint describes it.",
  USER_UNKNOWN: "The image has no such user or group, or its number lies outside an ISC's range.",
  SERVICES_DIFFER_IN_USER:
    "Several services of one ISC want different users, and the blueprint does not grant the capabilities to change between them.",
  SOURCE_REFUSED: "The OCI image or directory to build from holds something that must not become part of an image.",
  PROGRAM_MISSING: "The image has no such program.",
  START_FAILED: "The ISC could not be started, or its service ended before it was ready; its last words are shown.",
  ISC_STOPPED: "The operation needs a running ISC.",
  PORT_NOT_EXPOSED: "The host port does not lead to this ISC.",
  DOCK_RUNNING: "Another dock already owns this state directory.",
  IMAGE_IN_USE: "The image cannot be removed while an ISC or a snapshot needs it.",
  SNAPSHOT_UNKNOWN: "The ISC has no snapshot of this name.",
  BLUEPRINT_UNREADABLE: "The blueprint's file is missing, no file, too large, or no UTF-8 text.",
  CLEANSE_FAILED: "A fresh instance could not take the place of the running one, which serves on.",
  UPDATE_FAILED: "The ISC could not be brought to another image; the one before serves on.",
  INCIDENT_UNKNOWN: "No incident of this number is kept: there never was one, or newer ones have taken its place.",
  ISC_QUARANTINED: "The ISC is in quarantine: it keeps everything and does nothing until it is released, reset, rolled back or destroyed.",
  IMAGE_REFUSED: "The file to import is no exported image, or holds what none does.",
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problemCodes;

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problemCodes, text);
}
