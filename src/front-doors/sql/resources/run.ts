import type { DoorStatement, StatementSession } from "../../../query/contract.ts"
import { despatched, explainChange, type ResourceContext, requirePlane, runChange } from "./change.ts"
import { showAnswer, showColumns } from "./show.ts"
import type { ResourceCommand } from "./statements.ts"

/** A statement about resources, as the session runs it. */
export function resourceStatement(
  command: ResourceCommand,
  contextOf: (session: StatementSession) => ResourceContext,
): DoorStatement {
  if (command.kind === "change") {
    return {
      columns: command.returning?.map(({ label }) => label),
      notices: command.returning === undefined ? [despatched] : [],
      query: command.change.query,
      run: (session, rows) => runChange(command, contextOf(session), rows),
    }
  }
  if (command.kind === "explain") {
    return {
      columns: ["QUERY PLAN"],
      notices: [],
      query: command.change.query,
      run: (session, rows) => explainChange(command.change, contextOf(session), rows),
    }
  }
  return {
    columns: showColumns(command),
    notices: [],
    run: async (session) => {
      await requirePlane(contextOf(session))
      return showAnswer(command)
    },
  }
}
