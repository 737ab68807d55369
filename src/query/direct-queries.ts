import { PgError } from "../wire/pgwire/pg-error.ts"
import type { QueryEngine, QuerySession } from "./contract.ts"

/** No such database, schema, table; a function only the warehouse has. */
const missing: ReadonlySet<string> = new Set(["3D000", "3F000", "42P01", "42883"])
const readOnly = "25006"

/**
 * A query engine over no rows: those of the warehouse are asked elsewhere. System views and the statements that the port runs itself
 * work. What looks for rows, or would write some, is refused as before and told where they are.
 *
 * @param where completes "ask it at …"
 */
export function directQueries(
  engine: QueryEngine,
  { title, where }: { title: string; where: string },
): QueryEngine {
  const hint = `The warehouse is ${title}, and this port has its system views only: ask it at ${where}, or by \`millrace sql\`.`
  const told = (error: PgError) => {
    const { code, message, detail, fatal, position } = error
    const more = { hint, fatal, ...(detail && { detail }), ...(position && { position }) }
    // Whatever the engine advises, no database of this port can be written.
    if (code === readOnly) return new PgError(code, "this port holds no rows, and takes none", more)
    // A statement of the port itself has said what to do.
    return error.hint === undefined && missing.has(code) ? new PgError(code, message, more) : error
  }
  return {
    ...engine,
    open: async (request) => {
      try {
        return toldSession(await engine.open(request), told)
      } catch (error) {
        throw error instanceof PgError ? told(error) : error
      }
    },
  }
}

function toldSession(session: QuerySession, told: (error: PgError) => PgError): QuerySession {
  return { ...session, asPgError: (error) => told(session.asPgError(error)) }
}
