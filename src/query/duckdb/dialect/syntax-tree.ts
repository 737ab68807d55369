import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api"
import { newSerialQueue } from "../../../concurrency/serial-queue.ts"
import type { DuckDbInstance } from "../../../warehouses/duckdb/files/instance.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** DuckDB's parse of a SELECT, as `json_serialize_sql` gives it. */
export type Tree = { [key: string]: TreeValue }
export type TreeValue = Tree | TreeValue[] | string | number | boolean | null

export function isTree(value: TreeValue | undefined): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function textAt(tree: Tree, key: string): string {
  const value = tree[key]
  return typeof value === "string" ? value : ""
}

/** Every object in the tree, parents first; a loop, so that a deep statement cannot exhaust the stack. */
export function* nodesOf(root: TreeValue): Generator<Tree> {
  const waiting: TreeValue[] = [root]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    else if (isTree(value)) {
      yield value
      for (const child of Object.values(value)) {
        if (typeof child === "object" && child !== null) waiting.push(child)
      }
    }
  }
}

/** A copy that keeps raw numbers raw: those are objects too, and frozen. */
export function copyOfTree<T extends TreeValue>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOfTree) as T
  if (!isTree(value) || Object.isFrozen(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, copyOfTree(held)])) as T
}

export type Parsed =
  | { kind: "select"; tree: Tree }
  /** Parses, but only a SELECT has a tree. */
  | { kind: "other" }
  | { kind: "broken"; error: PgError }

export interface SqlParser {
  parse(sql: string): Promise<Parsed>
  /** A changed tree as SQL again. */
  deparse(tree: Tree): Promise<string>
  close(): void
}

/** Longer texts are rarely repeated, and must not fill the memory. */
const cachedTextUnits = 4096
const cachedAtMost = 500

/** Reading a longer tree would keep the whole process waiting for over a second: some 100,000 constants are as long. */
const treeUnitsAtMost = 16 * 2 ** 20

interface Serialized extends Tree {
  error: boolean
}

/** What takes the parser long is long itself: short texts do not wait for it. */
const shortTextUnits = 16 * 1024
/** A tree is so much longer than its text. */
const treeUnitsPerUnit = 20
/** A few seconds each at worst: beyond that nobody waits for an answer. */
const waitingAtMost = 20

/** One connection, whose statements take turns. */
interface Lane {
  serialize(sql: string): Promise<string>
  deserialize(json: string): Promise<string>
  close(): void
}

async function openLane(instance: DuckDbInstance, atMost: number): Promise<Lane> {
  const connection: DuckDBConnection = await instance.connect()
  const serialize = await connection.prepare("SELECT json_serialize_sql($1::VARCHAR)")
  const deserialize = await connection.prepare("SELECT json_deserialize_sql($1::JSON)")
  const inTurn = newSerialQueue()
  let waiting = 0

  async function run(statement: DuckDBPreparedStatement, text: string): Promise<string> {
    statement.bindVarchar(1, text)
    const rows = await (await statement.run()).getRows()
    return String(rows[0]?.[0])
  }

  function ask(statement: DuckDBPreparedStatement, text: string): Promise<string> {
    if (waiting >= atMost) {
      throw new PgError("53000", "too many long statements are waiting to be read; try again later", {
        hint: "Long lists can be loaded with COPY and joined with.",
      })
    }
    waiting++
    return inTurn(() => run(statement, text)).finally(() => waiting--)
  }

  return {
    serialize: (sql) => ask(serialize, sql),
    deserialize: (json) => ask(deserialize, json),
    close: () => connection.closeSync(),
  }
}

/** The parser's connections are shared by all sessions: they run nothing of theirs. */
export async function sqlParser(instance: DuckDbInstance): Promise<SqlParser> {
  const short = await openLane(instance, Number.POSITIVE_INFINITY)
  const long = await openLane(instance, waitingAtMost)
  const cache = new Map<string, string>()

  const laneFor = (text: string, units = shortTextUnits) => (text.length > units ? long : short)

  async function serialized(sql: string): Promise<string> {
    const known = cache.get(sql)
    if (known !== undefined) return known
    const json = await laneFor(sql).serialize(sql)
    if (json.length > treeUnitsAtMost) {
      throw new PgError("54001", "the statement is too long", {
        hint: "Send it in parts, or load long lists with COPY and join with them.",
      })
    }
    if (sql.length <= cachedTextUnits) {
      const oldest = cache.size >= cachedAtMost ? cache.keys().next().value : undefined
      if (oldest !== undefined) cache.delete(oldest)
      cache.set(sql, json)
    }
    return json
  }

  async function parse(sql: string): Promise<Parsed> {
    const answer = parseExactly(await serialized(sql)) as Serialized
    if (answer.error) {
      if (answer.error_type === "not implemented") return { kind: "other" }
      const at = Number(answer.position)
      const extra = Number.isInteger(at) ? { position: at + 1 } : {}
      return { kind: "broken", error: new PgError("42601", textAt(answer, "error_message"), extra) }
    }
    const statements = answer.statements
    if (!Array.isArray(statements) || statements.length !== 1) {
      throw new PgError("42601", "cannot insert multiple commands into a prepared statement")
    }
    return { kind: "select", tree: answer }
  }

  return {
    parse,
    deparse: async (tree) => {
      const json = JSON.stringify(tree).replaceAll(nowhere.ours, nowhere.theirs)
      return laneFor(json, shortTextUnits * treeUnitsPerUnit).deserialize(json)
    },
    close: () => {
      short.close()
      long.close()
    },
  }
}

/** ES2025's parse with source text and raw numbers; not in the compiler's library yet. */
const exactJson = JSON as unknown as {
  parse(text: string, revive: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}

/**
 * How DuckDB writes that a node has no place in the text. The pattern never matches inside a string: there the quotes
 * would be escaped.
 */
const nowhere = { theirs: '"query_location":18446744073709551615', ours: '"query_location":null' }

/** Matches JSON with a number that `JSON.parse` might not keep exactly: 16 digits or more, or a point or exponent. */
const exactNumber = /[:[,]-?(?:\d{16,}|\d+[.eE])/

/**
 * Numbers beyond 2^53 (constants, and DuckDB's "no location") must come back digit for digit; those with a point keep
 * it, as DuckDB takes no whole number where it wrote a floating one (`TABLESAMPLE 10%`).
 */
function parseExactly(json: string): Tree {
  try {
    const plain = json.replaceAll(nowhere.theirs, nowhere.ours)
    // A reviver makes the parse five times slower, and all sessions of the process wait meanwhile: only where it is
    // needed.
    if (!exactNumber.test(plain)) return JSON.parse(plain) as Tree
    return exactJson.parse(json, (_key, value, { source = "" }) =>
      typeof value === "number" && !(Number.isSafeInteger(value) && /^-?\d+$/.test(source))
        ? exactJson.rawJSON(source)
        : value,
    ) as Tree
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new PgError(
      "0A000",
      "a constant in this statement has no finite value; write it as text with a cast",
    )
  }
}
