import { isUtf8 } from "node:buffer"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { PgTable } from "../catalog/catalog.ts"
import type { Decoder } from "./decode-binary.ts"

/** Text whose bytes are not UTF-8; no type of the warehouse holds it. */
export class UndecodableText extends UnrepresentableValue {
  constructor() {
    super("text that is not UTF-8")
  }
}

/** Why the table cannot be held, for people. */
export function undecodableReason({ columns }: PgTable, { column }: UndecodableText): string {
  return `Column ${columns[column]?.name} has text that is not UTF-8, and the database's encoding, SQL_ASCII, does not say what it is. Mend the rows, or ALTER DATABASE … INTEGRATION SET ACCEPTINVCHARS TRUE on the SQL port: question marks then stand for such bytes.`
}

/** The column's decoder, refusing text that is not UTF-8: a server without an encoding sends whatever it was given. */
export function strict(decoder: Decoder): Decoder {
  return (column, from, start, end) => {
    const isText = column.type.kind === "text" || column.type.kind === "json"
    if (isText && !isUtf8(from.subarray(start, end))) throw new UndecodableText()
    decoder(column, from, start, end)
  }
}
