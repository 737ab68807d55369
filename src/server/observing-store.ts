import type { Store } from "../state/store.ts"

/**
 * The store whose observations hold what this very process sees now, also while that is not written yet: whoever has seen a
 * change in the warehouse finds it in the status. What other processes see is as old as they write it.
 */
export function observingFirst(store: Store, observe: () => Promise<void> | undefined): Store {
  const { observations } = store
  // If the state database is away, reading from it says so.
  const observed = async () => await observe()?.catch(() => undefined)
  return {
    ...store,
    observations: {
      ...observations,
      async all() {
        await observed()
        return await observations.all()
      },
      async silent(afterMs) {
        await observed()
        return await observations.silent(afterMs)
      },
    },
  }
}
