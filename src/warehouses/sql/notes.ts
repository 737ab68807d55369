import { keepersOf } from "../../replication/batch/held.ts"
import { knownPosition, planVersionSwitches } from "../../replication/batch/plan.ts"
import type { DestinationNotes } from "../../replication/contracts/warehouse.ts"
import { holdingsOf, type OpenSqlDestination, type SqlEngine } from "./open.ts"

/** What the database knows of itself, in its schema `millrace`. */
export function destinationNotes(open: OpenSqlDestination, engine: SqlEngine): DestinationNotes {
  const { pipeline, books, inTurn } = open
  const { orProblem, run, runPlan, standing } = engine
  return {
    async position() {
      const found = await orProblem("reading the position", () => books.position(pipeline))
      // What this opening itself has brought it to stays what is expected: where it is another now, somebody else has written.
      open.left ??= found
      return found
    },
    advance: (position) =>
      inTurn(async () => {
        const change = { expected: knownPosition(open.left), next: { kind: "set", position } } as const
        await run([], "recording the position", change)
        open.left = position
      }),
    forget: () =>
      inTurn(async () => {
        await run([], "forgetting the position", { next: { kind: "forget" } })
        open.left = undefined
      }),
    textColumns: () => orProblem("reading the notes", () => books.textColumns(pipeline)),
    noteTextColumns: (tableId, columns) =>
      run(books.noteTextColumns(pipeline, tableId, columns), "noting columns that are text"),
    versions: () =>
      orProblem("reading the tables", async () => {
        const held = (await books.versions()).filter((one) => one.pipeline === pipeline)
        const dropped = held.filter((one) => one.dropped).map(({ schema }) => schema)
        return { tables: keepersOf(pipeline, held), dropped: await standing(dropped) }
      }),
    switchVersions: (switches, at) =>
      inTurn(async () => {
        const { held, versions } = await holdingsOf(books, engine)
        const steps = planVersionSwitches(pipeline, switches, { held, versions, at })
        await runPlan(steps, "changing which tables keep versions")
      }),
  }
}
