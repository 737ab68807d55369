import type { Policy } from "../../../governance/model/policy.ts"
import type { PolicyRecord } from "../../../state/governance/policies.ts"

/** What a policy's document means. @throws Error whose message says why it cannot be kept: then no source is open to anybody */
export function readPolicy({ form }: PolicyRecord): Policy {
  throw new Error(`documents of the form ${form} are not understood`)
}
