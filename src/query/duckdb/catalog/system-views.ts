import type { SystemViewFacts, SystemViewKind } from "../../../control-plane/databases/system-views.ts"
import type { DuckDbInstance } from "../../../warehouses/duckdb/files/instance.ts"
import { fillIntegrationViews, installIntegrationViews, integrationViews } from "./integration-views.ts"

/** Where the facts come from. May throw Fault. */
export type SystemViewReader = (kinds: ReadonlySet<SystemViewKind>) => Promise<SystemViewFacts>

/** The cloud's system views, filled just before a statement reads them. */
export interface SystemViews {
  /** Has these views, by name, show what is now. */
  refresh(names: ReadonlySet<string>): Promise<void>
  close(): void
}

/** `read` absent: they stay empty. */
export async function openSystemViews(
  instance: DuckDbInstance,
  read: SystemViewReader | undefined,
): Promise<SystemViews> {
  const connection = await instance.connect()
  await installIntegrationViews(connection)
  let turn: Promise<void> = Promise.resolve()
  return {
    refresh(names) {
      if (names.size === 0 || read === undefined) return Promise.resolve()
      const kinds = new Set([...names].flatMap((name) => integrationViews[name]?.kind ?? []))
      // One after another: two that replace the same table at once would clash.
      const refreshed = turn.then(async () => fillIntegrationViews(connection, [...names], await read(kinds)))
      turn = refreshed.catch(() => undefined)
      return refreshed
    },
    close: () => connection.closeSync(),
  }
}
