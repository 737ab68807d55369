import { Fault } from "../../../domain/faults.ts"
import {
  forgetAcknowledgements,
  insertPurpose,
  type PurposeFields,
  type PurposeOrder,
  type PurposeRecord,
  patchPurpose,
  purposeById,
  purposesBelow,
  purposesNamed,
  removePurpose,
  searchPurposes,
} from "../../../state/governance/purposes.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound, type PageInput, refusingClashes } from "../changes.ts"
import { checkedPath } from "../names.ts"

export type PurposePatch = { [K in keyof PurposeFields]?: PurposeFields[K] | undefined }

const clash = (constraint: string) =>
  constraint === "purposes_name" ? "There is a purpose of this name already." : undefined

/** @throws Fault validation, conflictingOperation */
export function createPurpose(
  store: GovernanceStore,
  caller: GovernanceCaller,
  fields: PurposeFields,
): Promise<Changed<PurposeRecord>> {
  checkedPath("purpose", fields.name)
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const output = await insertPurpose(change, fields, caller.name)
      return { output, resource: `purpose ${output.name}`, before: undefined, after: output }
    }),
  )
}

/** `reAcknowledge`: everyone must agree anew. @throws Fault validation, resourceNotFound, conflictingOperation */
export function updatePurpose(
  store: GovernanceStore,
  id: number,
  { patch, reAcknowledge }: { patch: PurposePatch; reAcknowledge: boolean },
): Promise<Changed<PurposeRecord>> {
  if (patch.name !== undefined) checkedPath("purpose", patch.name)
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const before = await foundPurpose(change.db, id)
      if (patch.name !== undefined && patch.name !== before.name) await refuseWithChildren(change.db, before)
      const output = (await patchPurpose(change, id, patch)) ?? before
      if (reAcknowledge) await forgetAcknowledgements(change, id)
      return { output, resource: `purpose ${output.name}`, before, after: output }
    }),
  )
}

/** Makes the purpose of this name, or changes it; what is not given stays. @throws Fault validation */
export function putPurpose(
  store: GovernanceStore,
  caller: GovernanceCaller,
  fields: PurposePatch & { name: string },
): Promise<Changed<{ purpose: PurposeRecord; isNew: boolean }>> {
  checkedPath("purpose", fields.name)
  return store.change(async (change) => {
    const [before] = await purposesNamed(change.db, [fields.name])
    const purpose = await put(change, caller, { before, fields })
    const resource = `purpose ${fields.name}`
    return { output: { purpose, isNew: before === undefined }, resource, before, after: purpose }
  })
}

async function put(
  change: Change,
  caller: GovernanceCaller,
  { before, fields }: { before: PurposeRecord | undefined; fields: PurposePatch & { name: string } },
): Promise<PurposeRecord> {
  if (before !== undefined) return (await patchPurpose(change, before.id, fields)) ?? before
  const { name, acknowledgement, description, showsAcknowledgement = true } = fields
  return insertPurpose(change, { name, acknowledgement, description, showsAcknowledgement }, caller.name)
}

/** @throws Fault resourceNotFound, conflictingOperation: there are purposes below it */
export function deletePurpose(store: GovernanceStore, id: number): Promise<Changed<PurposeRecord>> {
  return store.change(async (change) => {
    const before = await foundPurpose(change.db, id)
    await refuseWithChildren(change.db, before)
    await removePurpose(change, id)
    return { output: before, resource: `purpose ${before.name}`, before, after: undefined }
  })
}

async function refuseWithChildren(db: Db, { name }: PurposeRecord): Promise<void> {
  const [below] = await purposesBelow(db, name)
  if (below === undefined) return
  throw new Fault("conflictingOperation", `${below.name} is below ${name}: change or delete that first.`)
}

/** With the names of those below it. @throws Fault resourceNotFound */
export function getPurpose(
  store: GovernanceStore,
  id: number,
): Promise<{ purpose: PurposeRecord; below: string[] }> {
  return store.read(async (db) => {
    const purpose = await foundPurpose(db, id)
    return { purpose, below: (await purposesBelow(db, purpose.name)).map(({ name }) => name) }
  })
}

export function listPurposes(
  store: GovernanceStore,
  search: Parameters<typeof searchPurposes>[1],
  page: PageInput & { order: PurposeOrder },
): Promise<{ purposes: PurposeRecord[]; count: number }> {
  return store.read((db) => searchPurposes(db, search, page))
}

/** @throws Fault resourceNotFound */
export async function foundPurpose(db: Db, id: number): Promise<PurposeRecord> {
  const purpose = await purposeById(db, id)
  if (purpose === undefined) throw notFound("purpose", id)
  return purpose
}
