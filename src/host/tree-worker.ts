/** A thread of `createReadTree`. */
import { answerTasks } from "./thread-tasks.ts";
import { walkAndHash } from "./tree-hash.ts";

answerTasks(walkAndHash);
