import { isFor } from "../../../governance/compile/circumstances.ts"
import { PatternError } from "../../../governance/grammar/pattern.ts"
import type { Policy } from "../../../governance/model/policy.ts"
import { allPolicies, type PolicyRecord, policyById } from "../../../state/governance/policies.ts"
import { allSources, type SourceRecord } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { notFound } from "../changes.ts"
import { foundSource, settleRules } from "../data/sources.ts"
import { readPolicy } from "../enforcement/read-policy.ts"

/** A policy, and the data sources that it is for by its circumstances. */
export interface PolicyReach {
  policy: PolicyRecord
  sources: SourceRecord[]
}

/** Of every policy. */
export async function everyReach(store: GovernanceStore): Promise<PolicyReach[]> {
  await settleRules(store)
  return store.read(async (db) => {
    const sources = await allSources(db)
    return (await allPolicies(db)).map((policy) => reachOf(policy, sources))
  })
}

/** @throws Fault resourceNotFound */
export async function reachOfPolicy(store: GovernanceStore, id: number): Promise<PolicyReach> {
  await settleRules(store)
  return store.read(async (db) => {
    const policy = await policyById(db, id)
    if (policy === undefined) throw notFound("policy", id)
    return reachOf(policy, await allSources(db))
  })
}

/** The policies that are for a source, staged ones too. @throws Fault resourceNotFound */
export async function policiesOfSource(store: GovernanceStore, id: number): Promise<PolicyRecord[]> {
  await settleRules(store)
  return store.read(async (db) => {
    const source = await foundSource(db, id)
    return (await allPolicies(db)).filter((policy) => reachOf(policy, [source]).sources.length > 0)
  })
}

function reachOf(policy: PolicyRecord, sources: readonly SourceRecord[]): PolicyReach {
  const read = readPolicy(policy)
  return { policy, sources: sources.filter((source) => isForSource(read, source)) }
}

/** A pattern that cannot be read closes the source: the policy counts as being for it. */
function isForSource({ circumstances }: Policy, source: SourceRecord): boolean {
  try {
    return isFor(circumstances, source)
  } catch (error) {
    if (error instanceof PatternError) return true
    throw error
  }
}
