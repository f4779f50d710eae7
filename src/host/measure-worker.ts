/** A thread of a measurement. */
import { hashPieces } from "./measure-blocks.ts";
import { answerTasks } from "./thread-tasks.ts";

answerTasks(hashPieces);
