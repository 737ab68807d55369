import type { PgTable } from "../catalog/catalog.ts"

/** What a Relation message says of a table, at its place in the stream. */
export interface Described {
  schema: string
  name: string
  /** `d`: the primary key, `i`: an index, `f`: all columns tell one row from another. */
  identity: string
  columns: DescribedColumn[]
}

interface DescribedColumn {
  name: string
  typeOid: number
  typeModifier: number
  isKey: boolean
}

/** Reads the message from behind the relation's id. */
export function readRelation(bytes: Buffer, start: number): Described {
  const schemaEnd = bytes.indexOf(0, start)
  const nameEnd = bytes.indexOf(0, schemaEnd + 1)
  const count = bytes.readUInt16BE(nameEnd + 2)
  const columns: DescribedColumn[] = []
  let at = nameEnd + 4
  for (let i = 0; i < count; i++) {
    const end = bytes.indexOf(0, at + 1)
    columns.push({
      name: bytes.toString("utf8", at + 1, end),
      typeOid: bytes.readUInt32BE(end + 1),
      typeModifier: bytes.readInt32BE(end + 5),
      isKey: ((bytes[at] as number) & 1) === 1,
    })
    at = end + 9
  }
  return {
    schema: bytes.toString("utf8", start, schemaEnd),
    name: bytes.toString("utf8", schemaEnd + 1, nameEnd),
    identity: String.fromCharCode(bytes[nameEnd + 1] as number),
    columns,
  }
}

/** As a Relation message would say it. */
export function describe({ schema: { schema, name, key }, identity, columns, isBare }: PgTable): Described {
  return {
    schema,
    name,
    identity,
    columns: (isBare ? [] : columns).map(({ name, typeOid, typeModifier }, index) => ({
      name,
      typeOid,
      typeModifier,
      isKey: identity === "f" || (key?.includes(index) ?? false),
    })),
  }
}

export function isDescribed(table: PgTable, described: Described): boolean {
  const known = describe(table)
  return (
    known.schema === described.schema &&
    known.name === described.name &&
    known.identity === described.identity &&
    known.columns.length === described.columns.length &&
    known.columns.every((column, index) => isSameColumn(column, described.columns[index] as DescribedColumn))
  )
}

function isSameColumn(a: DescribedColumn, b: DescribedColumn): boolean {
  return (
    a.name === b.name && a.typeOid === b.typeOid && a.typeModifier === b.typeModifier && a.isKey === b.isKey
  )
}
