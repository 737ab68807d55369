import type { SessionFacts } from "../catalog/rewrite.ts"
import type { Tree } from "../dialect/syntax-tree.ts"
import { orderAsEngine } from "./engine-order.ts"
import { meanAsRedshift } from "./redshift-meaning.ts"
import type { Meant } from "./result-names.ts"

/** The setting by which a session chooses: `redshift` (the default) or `duckdb`. */
export const dialectSetting = "millrace.dialect"

type Settings = Pick<SessionFacts, "setting">

export function speaksRedshift({ setting }: Settings): boolean {
  return setting(dialectSetting) !== "duckdb"
}

/** Gives a query the meaning that it has in the session's dialect, in place. True: something was changed. Throws PgError. */
export function giveMeaning(tree: Tree, settings: Settings, meant: Meant): boolean {
  return speaksRedshift(settings) ? meanAsRedshift(tree, meant) : orderAsEngine(tree)
}
