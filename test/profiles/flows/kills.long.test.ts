/** As `kills.test.ts`, at every point of a run. */
import { flowPoints } from "../../../src/profiles/flows/runs/write-order.ts"
import { killsInRuns } from "./kills.ts"

killsInRuns([...flowPoints.map((point) => [point, 1] as const), ["batchRead", 2], ["batchIngested", 2]])
