import type { WantedPolicies } from "../../../engines/policy-server.ts"
import type { Read } from "../bookkeeping.ts"
import type { GovernedPlace } from "./apply.ts"

export async function probe(
  _session: Read,
  _place: GovernedPlace,
  _wanted: Pick<WantedPolicies, "sources">,
): Promise<string[]> {
  return []
}
