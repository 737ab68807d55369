import {
  type AttributeOwner,
  addAttribute,
  insertAttributes,
  removeAttribute,
  replaceAttributes,
} from "../../../state/governance/attributes.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Change } from "../../../state/governance/transactions.ts"
import type { Changed } from "../changes.ts"
import { checkedAttribute, checkedName } from "../names.ts"
import { changedGroup, type GroupDetail, namedGroup } from "./groups.ts"
import { detailOf, foundPerson, type PersonDetail, shownPerson } from "./people.ts"

/** A person by user id, or a group by name or id, in a directory. (Fact: both stand in the route as `modelType`, `modelId`.) */
export interface AttributedModel {
  kind: "user" | "group"
  iamId: string
  id: string
}

export type AttributedDetail = { kind: "user"; detail: PersonDetail } | { kind: "group"; detail: GroupDetail }

/** Repeatable. @throws Fault validation, resourceNotFound */
export function giveAttribute(
  store: GovernanceStore,
  model: AttributedModel,
  given: { name: string; value: string },
): Promise<Changed<AttributedDetail>> {
  const attribute = checkedAttribute(given)
  return changed(store, model, (change, owner) => addAttribute(change, owner, attribute))
}

/** Without a value: all of the attribute's. Repeatable. @throws Fault resourceNotFound */
export function takeAttribute(
  store: GovernanceStore,
  model: AttributedModel,
  attribute: { name: string; value: string | undefined },
): Promise<Changed<AttributedDetail>> {
  return changed(store, model, (change, owner) => removeAttribute(change, owner, attribute))
}

/** Adds these to what is there, or puts them in its place. @throws Fault validation, resourceNotFound */
export function giveAttributes(
  store: GovernanceStore,
  model: AttributedModel,
  given: { attributes: ReadonlyMap<string, readonly string[]>; replaces: boolean },
): Promise<Changed<AttributedDetail>> {
  for (const [name, values] of given.attributes) {
    checkedName("attribute's name", name)
    for (const value of values) checkedAttribute({ name, value })
  }
  const put = given.replaces ? replaceAttributes : insertAttributes
  return changed(store, model, (change, owner) => put(change, owner, given.attributes))
}

async function changed(
  store: GovernanceStore,
  model: AttributedModel,
  run: (change: Change, owner: AttributeOwner) => Promise<void>,
): Promise<Changed<AttributedDetail>> {
  switch (model.kind) {
    case "user":
      return changedUser(store, model, run)
    case "group": {
      const { id } = await store.read((db) => namedGroup(db, model.iamId, model.id))
      const answer = await changedGroup(store, id, (change) => run(change, { kind: "group", id }))
      return { ...answer, output: { kind: "group", detail: answer.output } }
    }
  }
}

function changedUser(
  store: GovernanceStore,
  { iamId, id: userId }: AttributedModel,
  run: (change: Change, owner: AttributeOwner) => Promise<void>,
): Promise<Changed<AttributedDetail>> {
  return store.change(async (change) => {
    const person = await foundPerson(change.db, { iamId, userId })
    const before = shownPerson(await detailOf(change.db, person))
    await run(change, { kind: "person", id: person.id })
    const detail = await detailOf(change.db, person)
    const after = shownPerson(detail)
    return { output: { kind: "user", detail }, resource: `user ${iamId}/${userId}`, before, after }
  })
}
