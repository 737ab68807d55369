import { matchDomains } from "../../../src/profiles/identity/matching/run-matching.ts"
import type { RuleBasedMatching } from "../../../src/profiles/identity/rules/matching-rules.ts"
import type { Store } from "../../../src/state/store.ts"

/** Gives a domain these rules; undefined: none. */
export async function setRules(
  store: Store,
  domain: string,
  rules: RuleBasedMatching | undefined,
): Promise<void> {
  const ruleBasedMatching = rules === undefined ? undefined : JSON.stringify(rules)
  await store.profiles.change(domain, async (locked) => {
    await locked.settings.replace({ ...locked.domain, ruleBasedMatching })
  })
}

/** Until there is nothing more to match. A failure is thrown. */
export async function matchAll(store: Store): Promise<void> {
  await matchDomains(
    { profiles: store.profiles, identity: store.profileIdentity, isWanted: () => true },
    {
      warn: (fields) => {
        throw new Error("matching failed", { cause: fields })
      },
    },
  )
}

/** Groups of rule-based matching, as ids. */
export async function groupsOf(store: Store, domain: string): Promise<string[][]> {
  const { domain: record } = await store.profiles.read(domain)
  const rows = await store.profileIdentity
    .matches(record.number, "rule")
    .list({ after: undefined, limit: 1_000 })
  return rows.map(({ profileIds }) => profileIds)
}

/** A store whose calls fail from the nth on: as if the process had ended there. */
export function failingAfter<T extends object>(store: T, calls: number): T {
  let left = calls
  const cutting = <O extends object>(object: O): O =>
    new Proxy(object, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver)
        if (typeof value === "object" && value !== null) return cutting(value)
        if (typeof value !== "function") return value
        return (...given: unknown[]) => {
          if (name !== "keys" && name !== "matches") {
            if (left === 0) throw new Error("cut off")
            left -= 1
          }
          const answer: unknown = Reflect.apply(value, target, given)
          return answer instanceof Promise || typeof answer !== "object" || answer === null
            ? answer
            : cutting(answer)
        }
      },
    })
  return cutting(store)
}
