import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { EnginePrepared } from "../portals/cursors.ts"
import type { Plan } from "../session/plan.ts"
import type { EnginePlan } from "../session/statement-kinds.ts"

export interface Planning {
  query(plan: EnginePlan): Promise<EnginePrepared>
  /** The statement's plan as it is now. */
  again(): Promise<Plan | undefined>
}

/**
 * A prepared query, as such or inside COPY, that is planned anew when policies have changed since. Its columns and parameters stay
 * as they were announced.
 */
export async function preparedAnew(plan: EnginePlan, planning: Planning): Promise<EnginePrepared> {
  const first = await planning.query(plan)
  let current = first

  async function refresh(): Promise<void> {
    const query = queryIn(await planning.again())
    const next = query && (await planning.query(query))
    if (next === undefined || shapeOf(next) !== shapeOf(first)) {
      next?.close()
      throw new PgError("0A000", "cached plan must not change result type")
    }
    current.close()
    current = next
  }

  return {
    parameterOids: first.parameterOids,
    fields: first.fields,
    isOutdated: () => current.isOutdated(),
    bind: async (values, formats, resultFormats) => {
      if (current.isOutdated()) await refresh()
      return current.bind(values, formats, resultFormats)
    },
    close: () => current.close(),
  }
}

function queryIn(plan: Plan | undefined): EnginePlan | undefined {
  if (plan?.kind === "engine") return plan
  return plan?.kind === "copyOut" ? plan.query : undefined
}

/** What was announced to the client. */
function shapeOf({ parameterOids, fields }: EnginePrepared): string {
  return JSON.stringify([parameterOids, fields?.map(({ name, typeOid }) => [name, typeOid])])
}
