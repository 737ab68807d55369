import type { MyTable } from "../catalog.ts"
import type { TableChange } from "./statements.ts"

/** What a table becomes by a statement of the log. */
export type Evolution =
  | { kind: "same" }
  | { kind: "altered"; to: MyTable; origins: number[] }
  /** Not to be had from the statement alone: the table is resynced beside the live one. */
  | { kind: "beside"; reason: string }

class Beside extends Error {}

interface Kept {
  name: string
  /** Index of the column that it was. */
  origin: number
}

/** Only what the statement and the table as it was tell for certain; the next rows' own names of columns confirm it. */
export function evolve(known: MyTable, changes: readonly TableChange[]): Evolution {
  try {
    return become(known, keptColumns(known, changes))
  } catch (error) {
    if (error instanceof Beside) return { kind: "beside", reason: error.message }
    throw error
  }
}

function become(known: MyTable, kept: readonly Kept[]): Evolution {
  const { schema, columns } = known
  const isSame = kept.length === columns.length && kept.every(({ name }, i) => name === columns[i]?.name)
  if (isSame) return { kind: "same" }
  if (schema.columns.some(({ keptAsText }) => keptAsText !== undefined))
    throw new Beside("its columns changed, and some of them are kept as text")
  const was = <T>(all: readonly T[], origin: number) => all[origin] as T
  const key = schema.key?.map((index) => kept.findIndex(({ origin }) => origin === index))
  if (key?.includes(-1)) throw new Beside("a column of its key went")
  return {
    kind: "altered",
    to: {
      ...known,
      columns: kept.map(({ name, origin }) => ({ ...was(columns, origin), name })),
      schema: {
        ...schema,
        columns: kept.map(({ name, origin }) => ({ ...was(schema.columns, origin), name })),
        key,
      },
    },
    origins: kept.map(({ origin }) => origin),
  }
}

function keptColumns({ columns, keyIndex }: MyTable, changes: readonly TableChange[]): Kept[] {
  const kept: Kept[] = columns.map(({ name }, origin) => ({ name, origin }))
  const placeOf = (name: string) => kept.findIndex((column) => isSameName(column.name, name))
  for (const change of changes) {
    switch (change.kind) {
      case "dropIndex":
        if (keyIndex !== undefined && isSameName(keyIndex, change.name))
          throw new Beside("the index that told its rows apart went")
        break
      case "dropColumn": {
        const place = placeOf(change.name)
        if (place >= 0) kept.splice(place, 1)
        else if (!change.ifExists) throw new Beside("a column went that was not known")
        break
      }
      case "renameColumn": {
        const column = kept[placeOf(change.name)]
        if (column === undefined) throw new Beside("a column was renamed that was not known")
        // The renames of a statement happen at once: two columns may take each other's names.
        if (columns.some(({ name }) => isSameName(name, change.to)))
          throw new Beside("a column took another's name")
        column.name = change.to
      }
    }
  }
  return kept
}

/** The servers' names of columns and indexes are without regard to case. */
function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
