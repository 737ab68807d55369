import { z } from "zod"
import type { PolicyFields, PolicyRecord } from "../../../state/governance/policies.ts"

/** What is looked at here; the document is kept whole. (Fact: the members.) */
export const v2Policy = z.looseObject({
  policyKey: z.string(),
  /** Absent: the key. */
  name: z.string().optional(),
  type: z.enum(["subscription", "data"]),
  staged: z.boolean().optional(),
})
export const globalPolicy = v2Policy.extend({ policyKey: z.string().optional(), name: z.string() })

export function v2Fields(document: z.infer<typeof v2Policy>): PolicyFields {
  const { policyKey, name = policyKey, type, staged } = document
  return { key: policyKey, name, kind: type, form: "v2", document, isStaged: staged === true }
}

/** (Fact: its members.) */
export function shownPolicy(policy: PolicyRecord): object {
  return {
    ...policy.document,
    id: policy.id,
    policyKey: policy.key,
    name: policy.name,
    type: policy.kind,
    staged: policy.isStaged,
    template: false,
    systemGenerated: false,
    deleted: false,
    createdByName: policy.createdBy,
    createdAt: policy.createdAt,
    updatedAt: policy.updatedAt,
  }
}
