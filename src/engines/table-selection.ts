import { type FilterForm, includesTable } from "../domain/data-filter/data-filter.ts"
import { parseDataFilter } from "../domain/data-filter/data-filter-parser.ts"
import { Problem } from "../domain/problems.ts"
import { unreachable } from "../domain/unreachable.ts"
import type { TableSelection } from "../replication/contracts/source.ts"
import type { SourceSelection } from "./source-engine.ts"

/**
 * The tables that an integration takes of one source database. `dataFilter` is asked again for each table: it may change.
 *
 * @throws Problem `internal` when a recorded filter no longer parses
 */
export function tableSelection(
  selection: SourceSelection,
  dataFilter: () => string | undefined,
  database: string,
): TableSelection {
  if (selection.kind === "whole") return () => true
  const { form } = selection
  let current = { text: dataFilter(), select: selectionOf(form, dataFilter(), database) }
  return (table) => {
    const text = dataFilter()
    if (text !== current.text) current = { text, select: selectionOf(form, text, database) }
    return current.select(table)
  }
}

function selectionOf(form: FilterForm, dataFilter: string | undefined, database: string): TableSelection {
  const parsed = parseDataFilter(dataFilter, form)
  if (!("ok" in parsed)) throw new Problem("internal", "The integration's data filter cannot be read.")
  const filter = parsed.ok
  switch (form) {
    // A server is taken as a whole there: its databases come as schemas.
    case "database.table":
      return ({ schema, name }) => includesTable(filter, { database: schema, schema, name })
    case "database.schema.table":
      return ({ schema, name }) => includesTable(filter, { database, schema, name })
    default:
      return unreachable(form)
  }
}
