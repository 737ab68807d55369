import type { ColumnKind, GovernedColumn } from "../model/source.ts"
import { columnNamed, type Draft, Refusal } from "./draft.ts"

/** Kinds whose values have one text in every engine. */
export const kindsOfOneText: ReadonlySet<ColumnKind> = new Set(["text", "integer", "boolean", "date"])

/** A column that can be compared with a person's values, which are texts. @throws Refusal */
export function listedColumn(draft: Draft, name: string): GovernedColumn {
  const column = columnNamed(draft, name)
  if (!kindsOfOneText.has(column.kind))
    throw new Refusal(
      `column "${name}" of type ${column.type} cannot be compared with attributes or groups: only texts, whole numbers, booleans and dates can`,
    )
  return column
}
