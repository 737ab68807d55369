import { UnrepresentableColumn } from "./text-columns.ts"

/** A value that the column's type in the warehouse cannot hold exactly. The message holds no value. */
export class UnrepresentableValue extends Error {
  /** Index of the column, when a row's reader has said it. */
  column = 0

  constructor(what: string) {
    super(what)
    this.name = "UnrepresentableValue"
  }
}

/** What decoding a row's column threw, with the column said. */
export function inColumn(error: unknown, column: number): unknown {
  if (error instanceof UnrepresentableValue) error.column = column
  return error
}

/** The error for those who do not know how values are decoded. */
export function unrepresentableColumn(
  error: UnrepresentableValue,
  columns: readonly { name: string }[],
): UnrepresentableColumn {
  return new UnrepresentableColumn(columns[error.column]?.name ?? "", error.message, error)
}
