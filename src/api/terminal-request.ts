/** What a client asks of `GET /v1/terminal`: a command whose input and output stream while it runs. It travels in the query, as base64url of JSON. */
import { z } from "zod";
import { Name } from "../model/name.ts";

const Cells = z.number().int().min(1).max(10_000);

export const TerminalRequest = z.strictObject({
  name: Name,
  command: z.array(z.string()).min(1),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  workingDirectory: z.string().optional(),
  admin: z.boolean().optional(),
  /** With a terminal, standard output and error are one stream; without one, columns and rows mean nothing. */
  tty: z.boolean(),
  columns: Cells.optional(),
  rows: Cells.optional(),
});
export type TerminalRequest = z.infer<typeof TerminalRequest>;
export type TerminalRequestInput = z.input<typeof TerminalRequest>;
