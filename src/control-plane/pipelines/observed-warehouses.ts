import type { Store } from "../../state/store.ts"
import type { StatusSources } from "./status.ts"

/** A process that has warehouses open tells at least so often what it sees in them. */
export const warehouseTellEveryMs = 2_000
/** Without a word for so long, nobody knows how a warehouse is. */
export const warehouseUnknownAfterMs = 3 * warehouseTellEveryMs

/** What a process without warehouses knows of them: what the others told. `targetArns`: the configured ones. */
export function observedWarehouses(
  store: Store,
  targetArns: readonly string[],
): Pick<StatusSources, "countRows" | "warehouses"> {
  return {
    countRows: (database) => store.warehouseObservations.counts(database),
    async warehouses() {
      const told = await store.warehouseObservations.all()
      const known = told.filter(
        ({ targetArn, silentMs }) => targetArns.includes(targetArn) && silentMs < warehouseUnknownAfterMs,
      )
      return {
        unopened: known.flatMap(({ unopened }) => unopened),
        unobserved: targetArns.filter((arn) => !known.some(({ targetArn }) => targetArn === arn)),
      }
    },
  }
}
