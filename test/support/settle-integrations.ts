import type { Store } from "../../src/state/store.ts"

/** What a reconciler would do: integrations that are being made or changed become active, those that are being deleted go. */
export async function settleIntegrations({ integrations }: Pick<Store, "integrations">): Promise<void> {
  for (const one of await integrations.all()) {
    if (one.status === "creating" || one.status === "modifying")
      await integrations.settle(one, { status: "active", errors: [], isFilterPending: false })
    if (one.status === "deleting") await integrations.remove(one.id)
  }
}
