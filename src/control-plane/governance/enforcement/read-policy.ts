import { policyOfDocument } from "../../../governance/documents/policy-document.ts"
import type { Policy } from "../../../governance/model/policy.ts"
import type { PolicyFields } from "../../../state/governance/policies.ts"

/**
 * What a policy's document means. Key, name, type and staging are the record's: a document of the form `global` has no key.
 *
 * @throws DocumentError
 */
export function readPolicy({ document, key, name, kind, isStaged }: PolicyFields): Policy {
  return policyOfDocument({ ...document, policyKey: key, name, type: kind, staged: isStaged })
}
