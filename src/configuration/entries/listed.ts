import { z } from "zod"
import type { SourceConfiguration, WarehouseConfiguration } from "../../domain/configuration.ts"
import type { EngineFormats, EntryFormat } from "./format.ts"

/** An entry of `sources:` or `warehouses:`, told apart by `engine`. */
function entryOf<C>(formats: readonly EntryFormat<C>[]) {
  const [first, ...more] = formats.map(({ entry }) => entry)
  if (first === undefined) throw new Error("no engine is listed")
  return z.discriminatedUnion("engine", [first, ...more])
}

export function sourceEntry({ sources }: EngineFormats) {
  return entryOf<SourceConfiguration>(sources.records)
}

export function warehouseEntry({ warehouses }: EngineFormats) {
  return entryOf<WarehouseConfiguration>(warehouses.records)
}

/** What is said of an `engine` that is none of these. */
export function choiceOf(formats: readonly { name: string }[]): string {
  const names = formats.map(({ name }) => name)
  const parts = [names.slice(0, -1).join(", "), ...names.slice(-1)].filter((part) => part !== "")
  return `must be ${parts.join(" or ")}`
}
