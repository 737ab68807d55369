import { compileSource } from "../../../governance/compile/compile-source.ts"
import { allPolicies } from "../../../state/governance/policies.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { foundSource, settleRules } from "../data/sources.ts"
import { readPolicy } from "../enforcement/read-policy.ts"

/** Whether a data source can be shown to those whom policies allow it, by what is known of its table. */
export interface SourceTest {
  success: boolean
  dataSource: number
  dataSourceName: string
  /** What keeps everybody from it; each a sentence without its full stop. */
  problems: string[]
}

/** @throws Fault resourceNotFound */
export async function testSource(store: GovernanceStore, sourceId: number): Promise<SourceTest> {
  await settleRules(store)
  return store.read(async (db) => {
    const source = await foundSource(db, sourceId)
    const plan = compileSource({ source, policies: (await allPolicies(db)).map(readPolicy) })
    const { database, schema, name } = source.table
    const problems = [
      ...(source.columns.length === 0 ? [`no table ${schema}.${name} was seen yet in ${database}`] : []),
      ...(plan.kind === "built"
        ? []
        : plan.refusals.map(({ policyKey, message }) => `policy ${policyKey}: ${message}`)),
    ]
    return { success: problems.length === 0, dataSource: source.id, dataSourceName: source.name, problems }
  })
}
