import type { DuckDBPreparedStatement } from "@duckdb/node-api"
import type { EngineSession } from "../session/engine-session.ts"
import type { BoundValue } from "./parameters.ts"

/** Puts the values into the statement; those that only the engine can read go through a cast first. */
export async function bindParameters(
  engine: EngineSession,
  prepared: DuckDBPreparedStatement,
  values: BoundValue[],
): Promise<void> {
  if (values.length === 0) return
  prepared.clearBindings()
  for (const [at, bound] of values.entries()) {
    const index = at + 1
    if (bound.kind === "null") prepared.bindNull(index)
    else if (bound.kind === "value") prepared.bindValue(index, bound.value, bound.type)
    else {
      const cast = await engine.cast(bound)
      prepared.bindValue(index, cast.value, cast.type)
    }
  }
}
