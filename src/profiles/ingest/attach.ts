import type { MappedKey } from "../mapping/map-object.ts"
import type { KeyIndex } from "./key-index.ts"

/** A key of this name has a profile's id as its value. */
export const profileIdKey = "_profileId"

/**
 * The profile that an object belongs to by its keys: of the primary ones in their order, the first that exactly one profile has; a key
 * that several profiles have is void. Then the same with the secondary ones. Undefined: none has.
 * (Source: the service's administrator guide, "how keys are matched".)
 *
 * @param isProfile whether there is a profile with this id
 */
export function profileByKeys(
  keys: readonly MappedKey[],
  index: Pick<KeyIndex, "onlyProfile">,
  isProfile: (id: string) => boolean,
): string | undefined {
  for (const round of ["primary", "secondary"] as const)
    for (const key of keys) {
      if (key.finds !== round) continue
      const found = key.name === profileIdKey ? idOf(key, isProfile) : index.onlyProfile(key)
      if (found !== undefined) return found
    }
  return undefined
}

function idOf({ value }: MappedKey, isProfile: (id: string) => boolean): string | undefined {
  return isProfile(value) ? value : undefined
}

/** Which of an object's keys are stored. `hadBefore`: names of the keys that its stored version has. */
export function storedKeys(
  keys: readonly MappedKey[],
  { isNewProfile, hadBefore }: { isNewProfile: boolean; hadBefore: ReadonlySet<string> },
): MappedKey[] {
  return keys.filter(({ name, stored }) => {
    if (name === profileIdKey) return false
    return stored === "always" || (stored === "withNewProfile" && (isNewProfile || hadBefore.has(name)))
  })
}
