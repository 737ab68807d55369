import type { SystemViewFacts, SystemViewKind } from "../../control-plane/databases/system-views.ts"
import type { Cell, VirtualType } from "../virtual-table.ts"

/** One of the cloud's system views: its columns, and its rows out of the facts. */
export interface SystemView {
  kind: SystemViewKind
  readableBy: "everyone" | "administrators"
  columns: Record<string, VirtualType>
  /** In the order of the columns. */
  rows(facts: SystemViewFacts): Cell[][]
}

/** `character(n)`. */
export function character(characters: number): VirtualType {
  return { characters }
}
