import { type DuckDBPreparedStatement, DuckDBTypeId } from "@duckdb/node-api"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import {
  copyOfTree,
  isTree,
  nodesOf,
  type SqlParser,
  type Tree,
  type TreeValue,
  textAt,
} from "../dialect/syntax-tree.ts"
import { engineTypeOf } from "./parameters.ts"

/**
 * DuckDB finds a parameter's type from what it is compared with or passed to, and leaves the whole result undescribed
 * where it finds none (`SELECT $1`, `id = ANY($1)`). PostgreSQL's clients must be told at once, so such a statement is
 * prepared again with casts around those parameters: as the client declared them, or as the first of these that fits.
 */
const attempts: { scalar: string; array: string }[] = [
  { scalar: "VARCHAR", array: "BIGINT[]" },
  { scalar: "VARCHAR", array: "VARCHAR[]" },
  { scalar: "DOUBLE", array: "DOUBLE[]" },
  { scalar: "BIGINT", array: "BIGINT[]" },
  { scalar: "BIGINT", array: "VARCHAR[]" },
  { scalar: "INTEGER", array: "BIGINT[]" },
  { scalar: "VARCHAR", array: "UUID[]" },
  { scalar: "VARCHAR", array: "TIMESTAMPTZ[]" },
  { scalar: "VARCHAR", array: "DATE[]" },
]

/** Numbers of the client's parameters that the engine could not type. `ours`: how many behind them are not the client's. */
export function untypedParameters(prepared: DuckDBPreparedStatement, ours: number): number[] {
  const numbers = Array.from({ length: prepared.parameterCount - ours }, (_none, index) => index + 1)
  return numbers.filter((number) => prepared.parameterTypeId(number) === DuckDBTypeId.INVALID)
}

/** Each round types at least one more. */
const roundsAtMost = 4

export interface Settled {
  /** As the first, with the types that the engine found written out. */
  tree: Tree
  prepared: DuckDBPreparedStatement
  /** Numbers of those that still have none. */
  untyped: number[]
}

/**
 * The engine stops at the first parameter that it cannot type: of `nullif($1, 1), nullif($2, 1)` it types one. With the types it
 * has found written out, it goes on to the next. `ours`: as for `untypedParameters`.
 */
export async function settleTypes(
  first: Settled,
  ours: number,
  parser: SqlParser,
  prepare: (sql: string) => Promise<DuckDBPreparedStatement>,
): Promise<Settled> {
  let now = first
  for (let round = 0; round < roundsAtMost && now.untyped.length > 0; round++) {
    const types = await foundTypes(now, ours, parser)
    if (types.size === 0) return now
    const tree = castParameters(now.tree, types)
    const prepared = await prepare(await parser.deparse(tree))
    const untyped = untypedParameters(prepared, ours)
    const isBetter = untyped.length < now.untyped.length
    ;(isBetter ? now.prepared : prepared).destroySync()
    if (!isBetter) return now
    now = { tree, prepared, untyped }
  }
  return now
}

async function foundTypes(
  { prepared, untyped }: Settled,
  ours: number,
  parser: SqlParser,
): Promise<Map<string, TreeValue>> {
  const types = new Map<string, TreeValue>()
  for (let number = 1; number <= prepared.parameterCount - ours; number++)
    if (!untyped.includes(number))
      types.set(String(number), await typeTree(parser, String(prepared.parameterType(number))))
  return types
}

function arrayParameters(tree: Tree): Set<string> {
  const names = new Set<string>()
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.class !== "FUNCTION" || node.function_name !== "unnest" || !Array.isArray(node.children))
      continue
    const [only] = node.children
    if (isTree(only) && only.class === "PARAMETER") names.add(textAt(only, "identifier"))
  }
  return names
}

async function typeTree(parser: SqlParser, type: string): Promise<TreeValue> {
  const parsed = await parser.parse(`SELECT CAST(NULL AS ${type})`)
  if (parsed.kind === "select") {
    for (const node of nodesOf(parsed.tree)) if (node.class === "CAST") return node.cast_type ?? null
  }
  throw new Error(`no such type: ${type}`)
}

/** Each parameter that has a type here is cast to it; or `value` in its place. */
function castParameters(
  tree: Tree,
  types: Map<string, TreeValue>,
  valueFor: (identifier: string) => Tree | undefined = () => undefined,
): Tree {
  const copy = copyOfTree(tree)
  for (const node of [...nodesOf(copy.statements ?? null)]) {
    const type = node.class === "PARAMETER" ? types.get(textAt(node, "identifier")) : undefined
    if (type === undefined) continue
    const child = valueFor(textAt(node, "identifier")) ?? { ...node, alias: "" }
    const cast = {
      class: "CAST",
      type: "OPERATOR_CAST",
      alias: textAt(node, "alias"),
      query_location: 0,
      child,
      cast_type: type,
      try_cast: false,
    }
    for (const key of Object.keys(node)) delete node[key]
    Object.assign(node, cast)
  }
  return copy
}

/** Prepares again until every parameter has a type. Throws the first refusal when nothing fits. */
export async function prepareTyped(
  parser: SqlParser,
  tree: Tree,
  untyped: number[],
  declared: number[],
  prepare: (sql: string) => Promise<DuckDBPreparedStatement>,
): Promise<DuckDBPreparedStatement> {
  const arrays = arrayParameters(tree)
  let refusal: unknown
  for (const attempt of attempts) {
    const types = new Map<string, TreeValue>()
    for (const number of untyped) {
      const guess = arrays.has(String(number)) ? attempt.array : attempt.scalar
      types.set(String(number), await typeTree(parser, engineTypeOf(declared[number - 1] ?? 0) ?? guess))
    }
    try {
      return await prepare(await parser.deparse(castParameters(tree, types)))
    } catch (error) {
      if (!(error instanceof PgError)) throw error
      refusal ??= error
    }
  }
  throw refusal
}

/** The engine leaves a whole result undescribed where one type in it depends on a parameter's value: `round(x, $1)`. */
export function isUndescribed(prepared: DuckDBPreparedStatement): boolean {
  return prepared.columnCount > 0 && prepared.columnTypeId(0) === DuckDBTypeId.INVALID
}

function constant(value: string | null): Tree {
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: 0,
    value:
      value === null
        ? { type: { id: "NULL", type_info: null }, is_null: true }
        : { type: { id: "VARCHAR", type_info: null }, is_null: false, value },
  }
}

/** Values that stand for those to come. Over NULL some functions have another type, or none. */
const samples: ((type: string) => string | null)[] = [
  (type) => (/INT/.test(type) ? "1" : /DOUBLE|FLOAT|DECIMAL/.test(type) ? "0.5" : null),
  () => null,
]

/**
 * The same query with values in the place of its parameters, to be described and never run. `oids`: the parameters'
 * types. Throws 42P18 when the engine tells none.
 */
export async function prepareWithSamples(
  parser: SqlParser,
  tree: Tree,
  oids: readonly number[],
  prepare: (sql: string) => Promise<DuckDBPreparedStatement>,
): Promise<DuckDBPreparedStatement> {
  const names = oids.map((oid) => engineTypeOf(oid) ?? "VARCHAR")
  const types = new Map<string, TreeValue>()
  for (const [at, name] of names.entries()) types.set(String(at + 1), await typeTree(parser, name))
  for (const sample of samples) {
    const value = (identifier: string) => constant(sample(names[Number(identifier) - 1] ?? ""))
    try {
      return await prepare(await parser.deparse(castParameters(tree, types, value)))
    } catch (error) {
      if (!(error instanceof PgError)) throw error
    }
  }
  throw undescribed()
}

export function undescribed(): PgError {
  return new PgError("42P18", "the type of a result depends on the value of a parameter", {
    hint: "Write the value into the statement, or cast the result.",
  })
}
