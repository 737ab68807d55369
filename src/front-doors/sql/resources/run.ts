import type { DoorStatement, StatementSession } from "../../../query/contract.ts"
import { despatched, type ResourceContext, requirePlane, runChange } from "./change.ts"
import { showAnswer, showColumns } from "./show.ts"
import type { ResourceCommand } from "./statements.ts"

/** A statement about resources, as the session runs it. */
export function resourceStatement(
  command: ResourceCommand,
  contextOf: (session: StatementSession) => ResourceContext,
): DoorStatement {
  if (command.kind === "change") {
    return {
      columns: command.returning,
      notices: command.returning === undefined ? [despatched] : [],
      run: (session) => runChange(command, contextOf(session)),
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
