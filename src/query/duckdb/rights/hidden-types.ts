import { allows, type SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName } from "../../../domain/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import type { AskEngine, NamePlace } from "./relation-names.ts"

interface UsersType {
  database: string
  schema: string
  name: string
}

/** They take the name of a type as text. */
const typedByText = new Set(["from_json", "from_json_strict", "json_transform", "json_transform_strict"])

/**
 * A type that a user made tells its labels to whoever can name it. Refuses those of schemas in which the user may do
 * nothing with any table, as if they were not there. Throws PgError.
 */
export async function refuseHiddenTypes(
  tree: Tree,
  { access, place, ask }: { access: SqlAccess; place: NamePlace; ask: AskEngine },
): Promise<void> {
  const nodes = [...nodesOf(tree.statements ?? null)]
  const named = nodes.filter(({ id, type_info }) => id === "UNBOUND" && isTree(type_info))
  const texts = nodes.filter((node) => typedByText.has(textAt(node, "function_name").toLowerCase()))
  if (named.length === 0 && texts.length === 0) return
  const hidden = (await usersTypes(ask)).filter((type) => !mayUse(access, type))
  if (hidden.length === 0) return
  for (const { type_info: info } of named) {
    if (isTree(info) && hidden.some((type) => isMeant(info, type, place))) throw missing(textAt(info, "name"))
  }
  for (const call of texts) refuseInText(call, hidden)
}

async function usersTypes(ask: AskEngine): Promise<UsersType[]> {
  const rows = await ask(
    "SELECT database_name, schema_name, type_name FROM duckdb_types() WHERE NOT internal AND database_name NOT IN ('system', 'temp')",
  )
  return rows.map(([database = "", schema = "", name = ""]) => ({
    database: foldName(database),
    schema: foldName(schema),
    name: foldName(name),
  }))
}

function mayUse(access: SqlAccess, { database, schema }: UsersType): boolean {
  const isIn = (grant: { database: string; schema: string }) =>
    grant.database === database && (grant.schema === "" || grant.schema === schema)
  return (
    allows(access, "usage", { database, schema, table: "" }) &&
    (access.readsAll || access.grants.some((grant) => grant.privilege !== "usage" && isIn(grant)))
  )
}

/** Where the engine might find it: what the name leaves open is taken for it. */
function isMeant(info: Tree, type: UsersType, place: NamePlace): boolean {
  const [name, schema, catalog] = ["name", "schema", "catalog"].map((key) => foldName(textAt(info, key)))
  if (name !== type.name) return false
  if (catalog !== "" && catalog !== type.database) return false
  // One qualifier may be a database, too.
  if (schema !== "") return schema === type.schema || schema === type.database
  return type.database === foldName(place.database)
}

function refuseInText(call: Tree, hidden: readonly UsersType[]): void {
  const structure = Array.isArray(call.children) ? call.children[1] : undefined
  const value = isTree(structure) && structure.class === "CONSTANT" ? structure.value : undefined
  const text = isTree(value) ? foldName(textAt(value, "value")) : undefined
  const isPlain = text !== undefined && !text.includes("\\")
  const found = isPlain ? hidden.find(({ name }) => text.includes(name)) : hidden[0]
  if (found === undefined) return
  if (isPlain) throw missing(found.name)
  throw new PgError(
    "42501",
    `permission denied: ${textAt(call, "function_name")} with types that are computed`,
    {
      hint: "Write the types as one constant.",
    },
  )
}

function missing(name: string): PgError {
  return new PgError("42704", `type "${name}" does not exist`)
}
