import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { bindParameters } from "../values/bind-parameters.ts"
import type { BoundValue } from "../values/parameters.ts"
import type { EngineSession } from "./engine-session.ts"
import type { EnginePlan } from "./statement-kinds.ts"

function unexplained(): PgError {
  return new PgError("58000", "the statement failed after the first of its rows", {
    hint: "EXPLAIN ANALYZE with the same statement may say why.",
  })
}

/**
 * Why a query failed whose rows were under way: the engine's interface has no way to ask. So it runs once more, with its
 * rows thrown away, until it fails again; with nothing of the transaction that failed. Never for a change.
 */
export async function failureOf(
  engine: EngineSession,
  plan: EnginePlan,
  values: BoundValue[],
): Promise<unknown> {
  await engine.transaction.fail()
  if (plan.writesIn !== undefined || plan.verb !== "SELECT") return unexplained()
  try {
    await engine.transaction.aside(async () => {
      const prepared = await engine.prepare(`EXPLAIN ANALYZE ${plan.sql}`, { isVeiled: plan.isVeiled })
      try {
        const run = async () => {
          await bindParameters(engine, prepared, values)
          await prepared.run()
        }
        await engine.call(run, undefined, plan.isVeiled)
      } finally {
        prepared.destroySync()
      }
    })
  } catch (error) {
    return error
  }
  return unexplained()
}
