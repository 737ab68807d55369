import type { SqlUsers } from "../../control-plane/sql-users/sql-users.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import type { QueryEngine } from "../contract.ts"

/** The database that is there from the start. */
const underlying = "dev"

/**
 * An engine in which people may also connect to `awscc`, the database of resources. Its virtual tables are found there without the
 * database's name; what people make in such a session lies in `dev`.
 */
export function withResourceDatabase(engine: QueryEngine, users: Pick<SqlUsers, "find">): QueryEngine {
  return {
    ...engine,
    open: async (request) => {
      if (request.parameters.get("database") !== "awscc") return await engine.open(request)
      const user = users.find(request.user)
      if (user?.isSuperuser !== true && user?.role !== "read-only")
        throw new PgError("42501", "permission denied for database awscc")
      return await engine.open({
        ...request,
        shownDatabase: "awscc",
        parameters: new Map([...request.parameters, ["database", underlying]]),
      })
    },
  }
}
