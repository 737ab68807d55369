import type { WantedPeople } from "../../../engines/policy-server.ts"
import type { Person } from "../../../governance/model/person.ts"

/** Tells, for one database, which people are others than when they were last written there. */
export interface PeopleChanges {
  of(people: readonly Person[]): WantedPeople
  /** They are written. */
  written(people: readonly Person[]): void
  /** What is written is unknown. */
  forget(): void
}

/** Above this share of all, everybody is compared in the server. */
const someAtMost = 0.2

export function newPeopleChanges(): PeopleChanges {
  let known: ReadonlyMap<number, { account: string; facts: string }> | undefined
  return {
    of(people) {
      if (known === undefined) return { kind: "all", people }
      const before = known
      const changed = people.filter((one) => before.get(one.id)?.facts !== textOf(one))
      if (changed.length > people.length * someAtMost) return { kind: "all", people }
      const here = new Set(people.map(({ id }) => id))
      const others = new Set(changed.map(({ id }) => id))
      const gone = [...before].flatMap(([id, { account }]) =>
        !here.has(id) || others.has(id) ? [account] : [],
      )
      return { kind: "changed", people: changed, gone }
    },
    written(people) {
      known = new Map(people.map((one) => [one.id, { account: one.warehouseUser, facts: textOf(one) }]))
    },
    forget() {
      known = undefined
    },
  }
}

function textOf({ iamId, warehouseUser, isDisabled, ...facts }: Person): string {
  const { groups, attributes, purposes, subscriptions } = facts
  const values = [...attributes].map(([name, all]) => [name, [...all].sort()])
  return JSON.stringify([
    [iamId, warehouseUser, isDisabled],
    ...[groups, purposes, subscriptions].map((all) => [...all].sort()),
    values.sort(),
  ])
}
