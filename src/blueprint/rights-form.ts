/** The blueprint's `rights`: what an ISC may do beyond the default, which is nothing. */
import { z } from "zod";
import type { Rights } from "../model/blueprint.ts";
import { linuxCapabilities } from "../model/linux-capabilities.ts";
import { complain, line, place } from "./scalars.ts";

const capability = z
  .enum(
    linuxCapabilities.flatMap((name) => [`CAP_${name}`, name] as const),
    { error: "expected a capability such as NET_ADMIN" },
  )
  .transform((name) => (name.startsWith("CAP_") ? name : `CAP_${name}`));

const syscall = line("expected a system call's name, such as io_uring_setup", /^[a-z_][a-z0-9_]{1,63}$/);

export const rightsForm = z
  .strictObject({
    capabilities: z
      .array(capability, { error: "expected a list such as [NET_BIND_SERVICE]" })
      .max(64, "expected at most 64 capabilities")
      .default([])
      .describe("Linux capabilities it keeps, with or without CAP_. Binding ports below 1024 needs none."),
    syscalls: z
      .union([z.literal("default"), z.array(syscall).max(64, "expected at most 64 system calls")], {
        error: "expected default, or a list of system calls to add to it",
      })
      .transform((given) => (given === "default" ? [] : given))
      .prefault("default")
      .describe("default, or a list of system calls allowed beyond the default profile."),
    "writable-code": z
      .boolean({ error: "expected true or false" })
      .default(false)
      .describe("Allows memory that is both writable and executable, for just-in-time compilers (Java, Node, LuaJIT)."),
    execute: z
      .union([z.enum(["image", "services"]), z.array(place).max(256, "expected at most 256 programs")], {
        error: "expected image, services, or a list of absolute paths in the image",
      })
      .default("image")
      .describe(
        "Which programs may run: image for all of the image, services for only what the services' own commands need, or a list of further ones.",
      ),
  })
  .transform(({ capabilities, syscalls, "writable-code": writableCode, execute }, context): Rights => {
    for (const [index, name] of capabilities.entries()) {
      if (capabilities.indexOf(name) < index) complain(context, `${name} is given twice`, ["capabilities", index]);
    }
    for (const [index, call] of syscalls.entries()) {
      if (syscalls.indexOf(call) < index) complain(context, `${call} is given twice`, ["syscalls", index]);
    }
    for (const [index, path] of (typeof execute === "string" ? [] : execute).entries()) {
      if (execute.indexOf(path) < index) complain(context, `${path} is given twice`, ["execute", index]);
    }
    return { capabilities, syscalls, writableCode, ...(execute === "image" ? {} : { execute }) };
  });
