import { compileSource } from "../../../governance/compile/compile-source.ts"
import type { Policy } from "../../../governance/model/policy.ts"
import type { GovernedSource } from "../../../governance/model/source.ts"
import type { SourcePlan } from "../../../governance/plan/plan.ts"
import type { PolicyRecord } from "../../../state/governance/policies.ts"

/** What a policy means. Throws when its document cannot be read. */
export type ReadPolicy = (record: PolicyRecord) => Policy

/** The plan of each source by these policies, compiled once; a text: why there is none. */
export function sourcePlans(
  records: readonly PolicyRecord[],
  readPolicy: ReadPolicy,
): (source: GovernedSource) => SourcePlan | string {
  const plans = new Map<number, SourcePlan | string>()
  let policies: Policy[] | string | undefined
  return (source) => {
    const known = plans.get(source.id)
    if (known !== undefined) return known
    policies ??= readAll(records, readPolicy)
    const plan = typeof policies === "string" ? policies : compileSource({ source, policies })
    plans.set(source.id, plan)
    return plan
  }
}

/** A policy that cannot be read might be for any source. */
function readAll(records: readonly PolicyRecord[], readPolicy: ReadPolicy): Policy[] | string {
  const policies: Policy[] = []
  for (const record of records) {
    try {
      policies.push(readPolicy(record))
    } catch (error) {
      // It is compiled to be shown, and not enforced.
      if (record.isStaged) continue
      return `policy "${record.name}" cannot be read: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return policies
}
