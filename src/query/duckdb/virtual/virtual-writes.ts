/** Runs a change of a virtual table: the rows that it needs are read, and handed to the table. */
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Prepared } from "../../../wire/pgwire/session.ts"
import type { Answer, StatementTransaction } from "../../contract.ts"
import { faultAsPgError } from "../../faults.ts"
import type { Cell, VirtualCaller, VirtualColumn, VirtualRow, VirtualTable } from "../../virtual-table.ts"
import { allRows } from "../portals/all-rows.ts"
import { fixedPortal } from "../portals/engine-portal.ts"
import type { VirtualWrite } from "./write-statements.ts"

export interface VirtualWriteContext {
  transaction: Pick<StatementTransaction, "assertUsable" | "assertWritable" | "isExplicit">
  caller(): Promise<VirtualCaller>
}

/** `query`: of the write's query, which ends with the statement. */
export function preparedVirtualWrite(
  write: VirtualWrite,
  query: Prepared,
  context: VirtualWriteContext,
): Prepared {
  return {
    parameterOids: query.parameterOids,
    fields: undefined,
    bind: async (values, formats) => {
      assertAlone(context)
      context.transaction.assertWritable(write.verb)
      const portal = await query.bind(values, formats, [])
      return fixedPortal(undefined, async () => {
        assertAlone(context)
        return run(write, await allRows(portal), await context.caller())
      })
    },
    close: query.close,
  }
}

/** Throws 25001 inside a transaction block, 25P02 in a failed one. */
function assertAlone({ transaction }: VirtualWriteContext): void {
  transaction.assertUsable()
  if (!transaction.isExplicit()) return
  throw new PgError("25001", "changes of such a table cannot run inside a transaction block", {
    hint: "They take effect at once, and ROLLBACK would not undo them.",
  })
}

async function run(
  { verb, table, set }: VirtualWrite,
  rows: (string | null)[][],
  caller: VirtualCaller,
): Promise<Answer> {
  try {
    const count = rows.length === 0 ? 0 : await change(verb, table, { set, rows, caller })
    return { rows: [], tag: verb === "INSERT" ? `INSERT 0 ${count}` : `${verb} ${count}` }
  } catch (error) {
    throw faultAsPgError(error)
  }
}

interface Changes {
  set: readonly VirtualColumn[]
  rows: (string | null)[][]
  caller: VirtualCaller
}

async function change(
  verb: VirtualWrite["verb"],
  table: VirtualTable,
  { set, rows, caller }: Changes,
): Promise<number> {
  const width = table.columns.length
  switch (verb) {
    case "INSERT":
      return (
        (await table.insert?.(
          caller,
          rows.map((row) => named(set, row)),
        )) ?? 0
      )
    case "UPDATE": {
      const updates = rows.map((row) => ({
        row: named(table.columns, row),
        changes: named(set, row.slice(width)),
      }))
      return (await table.update?.(caller, updates)) ?? 0
    }
    case "DELETE":
      return (
        (await table.delete?.(
          caller,
          rows.map((row) => named(table.columns, row)),
        )) ?? 0
      )
  }
}

function named(columns: readonly VirtualColumn[], row: (string | null)[]): VirtualRow {
  return new Map(columns.map((column, at) => [column.name, cellOf(column, row[at] ?? null)]))
}

/** PostgreSQL's text of a value. */
function cellOf({ type }: VirtualColumn, text: string | null): Cell {
  if (text === null) return null
  switch (type) {
    case "bigint":
      return BigInt(text)
    case "integer":
      return Number(text)
    case "boolean":
      return text === "t"
    case "timestamp":
      return new Date(`${text.replace(" ", "T")}Z`)
    default:
      return text
  }
}
