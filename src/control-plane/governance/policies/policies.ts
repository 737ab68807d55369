import { Fault } from "../../../domain/faults.ts"
import { DocumentError } from "../../../governance/documents/place.ts"
import {
  allPolicies,
  insertPolicy,
  type PolicyFields,
  type PolicyRecord,
  type PolicySearch,
  policyById,
  policyByKey,
  removePolicy,
  replacePolicy,
  searchPolicies,
} from "../../../state/governance/policies.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound, type PageInput, refusingClashes } from "../changes.ts"
import { readPolicy } from "../enforcement/read-policy.ts"
import { checkedName } from "../names.ts"

const clash = (constraint: string) => {
  switch (constraint) {
    case "governance_policies_key":
      return "There is a policy with this key already."
    case "governance_policies_name":
      return "There is a policy of this name already."
  }
  return undefined
}

/** What a call did, or would do. */
export interface PolicyOutcome {
  policy: PolicyRecord | undefined
  isNew: boolean
}

/**
 * Makes the policy of this key, or puts the document in its place.
 *
 * @throws Fault validation, conflictingOperation
 */
export function putPolicy(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { fields, isDryRun, isCertified }: { fields: PolicyFields; isDryRun: boolean; isCertified: boolean },
): Promise<Changed<PolicyOutcome>> {
  checkFields(fields)
  const resource = `policy ${fields.key}`
  if (isDryRun) {
    return store.read(async (db) => {
      const before = await policyByKey(db, fields.key)
      const output = { policy: before, isNew: before === undefined }
      return { output, resource, before: undefined, after: undefined }
    })
  }
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const before = await policyByKey(change.db, fields.key)
      const policy =
        before === undefined
          ? await insertPolicy(change, fields, caller.name)
          : await replacePolicy(change, before.id, { ...fields, isCertified })
      return { output: { policy, isNew: before === undefined }, resource, before, after: policy }
    }),
  )
}

/** @throws Fault validation, conflictingOperation */
export function createPolicy(
  store: GovernanceStore,
  caller: GovernanceCaller,
  fields: PolicyFields,
): Promise<Changed<PolicyRecord>> {
  checkFields(fields)
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const output = await insertPolicy(change, fields, caller.name)
      return { output, resource: `policy ${fields.key}`, before: undefined, after: output }
    }),
  )
}

/** `fieldsFor`: what is put in its place, under the key that it has. @throws Fault validation, resourceNotFound, conflictingOperation */
export function updatePolicy(
  store: GovernanceStore,
  id: number,
  fieldsFor: (key: string) => PolicyFields,
): Promise<Changed<PolicyRecord>> {
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const before = await foundPolicy(change.db, id)
      const fields = fieldsFor(before.key)
      checkFields(fields)
      const output = (await replacePolicy(change, id, fields)) ?? before
      return { output, resource: `policy ${before.key}`, before, after: output }
    }),
  )
}

/** @throws Fault resourceNotFound */
export function deletePolicy(
  store: GovernanceStore,
  by: { id: number } | { key: string },
): Promise<Changed<PolicyRecord>> {
  return store.change(async (change) => {
    const before = "id" in by ? await policyById(change.db, by.id) : await policyByKey(change.db, by.key)
    if (before === undefined) throw notFound("policy", "id" in by ? by.id : by.key)
    await removePolicy(change, before.id)
    return { output: before, resource: `policy ${before.key}`, before, after: undefined }
  })
}

/** @throws Fault resourceNotFound */
export function getPolicy(store: GovernanceStore, id: number): Promise<PolicyRecord> {
  return store.read((db) => foundPolicy(db, id))
}

export function listPolicies(
  store: GovernanceStore,
  search: PolicySearch,
  page: PageInput & { order: "name" | "createdAt" },
): Promise<{ policies: PolicyRecord[]; count: number }> {
  return store.read((db) => searchPolicies(db, search, page))
}

export function everyPolicy(store: GovernanceStore): Promise<PolicyRecord[]> {
  return store.read(allPolicies)
}

async function foundPolicy(db: Db, id: number): Promise<PolicyRecord> {
  const policy = await policyById(db, id)
  if (policy === undefined) throw notFound("policy", id)
  return policy
}

/** What is kept can be read: a document that cannot would close every source. @throws Fault validation, with a JSON pointer */
export function checkFields(fields: PolicyFields): void {
  checkedName("policyKey", fields.key)
  checkedName("policy's name", fields.name)
  try {
    readPolicy(fields)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    throw new Fault("validation", `Invalid request payload: ${error.message}`)
  }
}
