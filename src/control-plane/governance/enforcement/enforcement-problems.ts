import type { Integration } from "../../../domain/integration.ts"
import { Problem } from "../../../domain/problems.ts"
import type { Store } from "../../../state/store.ts"

/** Of the enforcement in the server of an integration of the governance API, where others have the ARN of a warehouse. */
export function enforcementKey({ id }: { id: number }): string {
  return `integrations/${id}`
}

/** Three times as long as between two looks: then nobody knows whether policies hold. */
export const silentAtMostMs = 180_000

/** What hinders policies in the databases of an integration, whichever process looks at them. @throws Fault unavailable */
export async function enforcementProblems(
  { policyEnforcement, databases }: Pick<Store, "policyEnforcement" | "databases">,
  { id, targetArn }: Integration,
): Promise<Problem[]> {
  const seen = (await policyEnforcement.of(targetArn)).filter(({ isGoverned }) => isGoverned)
  if (seen.length === 0) return []
  const own = new Set((await databases.ofIntegration(id)).map(({ name }) => name))
  return seen
    .filter(({ database }) => own.has(database))
    .flatMap(({ database, problems, silentMs }) => {
      const unproved = `it was not proved for ${Math.floor(silentMs / 1_000)} s that they hold`
      const all = silentMs > silentAtMostMs ? [unproved, ...problems] : problems
      if (all.length === 0) return []
      return [new Problem("policiesNotEnforced", `Policies on ${database}: ${all.join("; ")}.`)]
    })
}
