import type { ColumnKind } from "../../../loading/refusals.ts"
import type { Session } from "../client.ts"
import { quoteLiteral } from "../quoting.ts"

/** A column of a table that files are loaded into. */
export interface LoadedColumn {
  name: string
  kind: ColumnKind
  /** With its modifier, as a cast takes it: `numeric(12,2)`. */
  type: string
  /** As the cloud's views of load errors call it: `int4`, `varchar`. */
  shownType: string
  isNullable: boolean
  /** Digits behind the point of a decimal; `undefined`: any number. */
  scale: number | undefined
  /** Characters of a text; `undefined`: any number. */
  length: number | undefined
}

const kinds = new Map<string, ColumnKind>(
  Object.entries({
    int2: "integer",
    int4: "integer",
    int8: "integer",
    numeric: "decimal",
    float4: "float",
    float8: "float",
    bool: "boolean",
    date: "date",
    timestamp: "timestamp",
    timestamptz: "timestamptz",
    json: "json",
    jsonb: "json",
    bytea: "bytes",
    text: "text",
    varchar: "text",
    bpchar: "text",
    name: "text",
  } satisfies Record<string, ColumnKind>),
)
/** Types that the cloud calls otherwise. */
const shownTypes = new Map(
  Object.entries({
    json: "super",
    jsonb: "super",
    bytea: "varbyte",
    bpchar: "char",
    text: "varchar",
  }),
)

/** A column, and whether the server fills it by itself. */
type Described = LoadedColumn & { isFilled: boolean }

/**
 * The columns asked for, else all but those that the server fills (identity and generated ones, as in the cloud). `missing`: it
 * has no column of that name, or none that may be loaded; `undefined`: there is no such table, or no column to load.
 *
 * @param table quoted, whole
 */
export async function columnsOf(
  session: Pick<Session, "rows">,
  table: string,
  wanted: readonly string[] | undefined,
): Promise<LoadedColumn[] | { missing: string | undefined }> {
  const found = await session.rows(
    `SELECT a.attname, t.typname, format_type(a.atttypid, a.atttypmod), a.atttypmod, a.attnotnull, a.attgenerated <> '' OR a.attidentity <> ''
     FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid JOIN pg_type AS t ON t.oid = a.atttypid
     WHERE c.oid = to_regclass(${quoteLiteral(table)}) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
  )
  const all = found.map(described)
  const loadable = all.filter(({ isFilled }) => !isFilled)
  if (loadable.length === 0) return { missing: undefined }
  if (wanted === undefined) return loadable
  const chosen = wanted.map((name) => loadable.find((one) => one.name === name))
  const missing = wanted.find((_, index) => chosen[index] === undefined)
  return missing === undefined ? chosen.filter((one) => one !== undefined) : { missing }
}

function described([name, base, type, modifier, isNotNull, isFilled]: (string | null)[]): Described {
  const kind = kinds.get(base ?? "") ?? "other"
  const typmod = Number(modifier)
  return {
    name: name ?? "",
    kind,
    type: type ?? "",
    shownType: shownTypes.get(base ?? "") ?? base ?? "",
    isNullable: isNotNull !== "t",
    scale: kind === "decimal" && typmod >= 0 ? scaleOf(typmod) : undefined,
    length: kind === "text" && typmod >= 0 ? typmod - modifierOffset : undefined,
    isFilled: isFilled === "t",
  }
}

/** What the server adds to modifiers of types (VARHDRSZ). */
const modifierOffset = 4

/** Signed, in the lower 11 bits. (Source: the server's numeric.c.) */
function scaleOf(typmod: number): number {
  return (((typmod - modifierOffset) & 0x7ff) ^ 1024) - 1024
}
