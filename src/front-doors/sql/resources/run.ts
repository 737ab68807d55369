import { pause } from "../../../concurrency/deadline.ts"
import type { DoorStatement, StatementSession } from "../../../query/contract.ts"
import { despatched, explainChange, type ResourceContext, requirePlane, runChange } from "./change.ts"
import type { ResourceCommand } from "./commands.ts"
import { showAnswer, showColumns } from "./show.ts"

type ContextOf = (session: StatementSession) => ResourceContext

/** A statement about resources, as the session runs it. */
export function resourceStatement(command: ResourceCommand, contextOf: ContextOf): DoorStatement {
  switch (command.kind) {
    case "change":
      return changing(command, contextOf)
    case "exec":
      return command.what === "change" ? changing(command, contextOf) : reading(command, contextOf)
    case "explain":
      return {
        columns: ["QUERY PLAN"],
        notices: [],
        query: command.change.query,
        run: (session, rows) => explainChange(command.change, contextOf(session), rows),
      }
    default:
      return {
        columns: showColumns(command),
        notices: [],
        run: async (session) => {
          const plane = await requirePlane(contextOf(session))
          if (command.kind === "sleep") await slept(session, command.ms)
          return showAnswer(command, plane)
        },
      }
  }
}

/** Ends with the statement: by its time-out, or a cancel. */
async function slept(session: StatementSession, ms: number): Promise<void> {
  const never = new AbortController()
  const step = 100
  for (let left = ms; left > 0; left -= step) {
    await pause(Math.min(left, step), never.signal)
    await session.alive()
  }
}

function changing(command: Parameters<typeof runChange>[0], contextOf: ContextOf): DoorStatement {
  return {
    changes: command.change.verb,
    columns: command.returning?.map(({ label }) => label),
    notices: command.returning === undefined ? [despatched] : [],
    query: command.change.query,
    run: (session, rows) => runChange(command, contextOf(session), rows),
  }
}

function reading(
  { query, columns }: Extract<ResourceCommand, { what: "read" }>,
  contextOf: ContextOf,
): DoorStatement {
  return {
    columns,
    notices: [],
    query,
    run: async (session, rows) => {
      await requirePlane(contextOf(session))
      return { rows: rows.map((row) => [...row]), tag: `SELECT ${rows.length}` }
    },
  }
}
