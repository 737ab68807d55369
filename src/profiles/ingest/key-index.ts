import type { FoundKey } from "../../state/profiles/key-rows.ts"
import type { KeyPair } from "../../state/profiles/records.ts"

/** Which profiles have a key, as it changes while the objects of a batch are taken one after the other. */
export interface KeyIndex {
  /** The only profile with the key; undefined: none has it, or several have. */
  onlyProfile(key: KeyPair): string | undefined
  add(key: KeyPair, profile: string): void
  /** One of the holders less: the profile keeps the key while it has others. */
  remove(key: KeyPair, profile: string): void
}

export function keyIndex(found: readonly FoundKey[]): KeyIndex {
  const holdersOf = new Map<string, Map<string, number>>()
  const change = (key: KeyPair, profile: string, by: number) => {
    const text = pairText(key)
    const holders = holdersOf.get(text) ?? new Map<string, number>()
    holdersOf.set(text, holders)
    const count = (holders.get(profile) ?? 0) + by
    if (count > 0) holders.set(profile, count)
    else holders.delete(profile)
  }
  for (const { holders, profile, ...key } of found) change(key, profile, holders)
  return {
    onlyProfile: (key) => {
      const holders = holdersOf.get(pairText(key))
      return holders?.size === 1 ? holders.keys().next().value : undefined
    },
    add: (key, profile) => change(key, profile, 1),
    remove: (key, profile) => change(key, profile, -1),
  }
}

/** Names have no line ends. */
export function pairText({ name, value }: KeyPair): string {
  return `${name}\n${value}`
}
