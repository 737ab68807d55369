import { z } from "zod"
import type { SourceConfiguration, WarehouseConfiguration } from "../../domain/configuration.ts"
import type { ConfigurationPlace, EngineFormats, EntryFormat } from "./format.ts"

/** An entry of `sources:` or `warehouses:`, told apart by `engine`. */
function entryOf<C>(formats: readonly EntryFormat<C>[], planned: readonly string[]) {
  const entries = formats.map(({ entry }) => entry)
  const available = formats.map(({ name }) => name).join(", ")
  const [first, ...more] = [...entries, ...planned.map((name) => notYet<C>(name, available))]
  if (first === undefined) throw new Error("no engine is listed")
  return z.discriminatedUnion("engine", [first, ...more])
}

/** Known to the format but not built yet: one clear line, and no complaints about the keys it would have. */
function notYet<C>(engine: string, available: string): EntryFormat<C>["entry"] {
  return z
    .looseObject({ engine: z.literal(engine) })
    .transform((_, context): ((place: ConfigurationPlace) => C) => {
      context.addIssue({
        code: "custom",
        path: ["engine"],
        message: `${engine} is not available in this version (available: ${available})`,
      })
      return z.NEVER
    })
}

export function sourceEntry({ sources }: EngineFormats) {
  return entryOf<SourceConfiguration>(sources.records, [])
}

export function warehouseEntry({ warehouses, plannedWarehouses }: EngineFormats) {
  return entryOf<WarehouseConfiguration>(warehouses.records, plannedWarehouses)
}

/** What is said of an `engine` that is none of these. */
export function choiceOf(formats: readonly { name: string }[], planned: readonly string[] = []): string {
  const names = (list: readonly string[], word: string) =>
    [list.slice(0, -1).join(", "), ...list.slice(-1)].filter((part) => part !== "").join(` ${word} `)
  const choice = `must be ${names(
    formats.map(({ name }) => name),
    "or",
  )}`
  if (planned.length === 0) return choice
  const verb = planned.length === 1 ? "is" : "are"
  return `${choice} (${names(planned, "and")} ${verb} not available in this version)`
}
