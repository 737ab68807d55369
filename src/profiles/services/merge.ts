import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import { mergeProfiles as mergeInto } from "../identity/merge/merge-profiles.ts"
import type { Resolution } from "../identity/merge/merged-fields.ts"
import type { ProfilePlane } from "./context.ts"
import { replaceOwnKeys } from "./profiles.ts"

/** At most in one call. */
const mergedAtMost = 20

export interface MergeInput {
  domain: string
  main: string
  others: readonly string[]
  resolution: Resolution
}

/**
 * Makes one profile of several: objects and keys move to the main one, the others are gone. Nothing undoes it.
 *
 * @throws Fault accessDenied, validation, resourceNotFound
 */
export async function mergeProfiles(plane: ProfilePlane, caller: Caller, input: MergeInput): Promise<void> {
  requireAdmin(caller, "merge profiles")
  const others = [...new Set(input.others)]
  if (others.length > mergedAtMost)
    throw new Fault("validation", `At most ${mergedAtMost} profiles are merged at once.`)
  if (others.includes(input.main))
    throw new Fault("validation", "MainProfileId is among ProfileIdsToBeMerged.")
  await plane.store.change(input.domain, async (locked) => {
    const { main, resolution } = input
    const [merged] = await mergeInto(locked, [{ main, others, resolution }], caller.name)
    if (merged !== undefined) await replaceOwnKeys(locked, merged)
  })
}
