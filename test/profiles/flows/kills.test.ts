/** A process dies in the middle of a run: the next one goes on, and nothing is lost or comes twice. */
import { killsInRuns } from "./kills.ts"

killsInRuns([["batchIngested", 1]])
