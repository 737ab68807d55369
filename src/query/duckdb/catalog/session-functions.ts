import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Tree } from "../dialect/syntax-tree.ts"
import type { SessionFacts } from "./rewrite.ts"
import { constant, stringConstant } from "./tree-parts.ts"

const constants: Record<string, (facts: SessionFacts) => string | number> = {
  version: ({ version }) => version,
  pg_last_copy_id: ({ lastCopy }) => lastCopy()?.queryId ?? -1,
  pg_last_copy_count: ({ lastCopy }) => lastCopy()?.rows ?? 0,
  pg_backend_pid: ({ processId }) => processId,
  current_user: ({ user }) => user,
  session_user: ({ user }) => user,
  current_role: ({ user }) => user,
  user: ({ user }) => user,
}

/** Whether the function's answer is a fact of the session. */
export function isOfSession(name: string): boolean {
  return Object.hasOwn(constants, name) || name === "current_setting" || name === "set_config"
}

function currentSetting(node: Tree, { setting }: SessionFacts): Tree {
  const [name, missingOk] = Array.isArray(node.children) ? node.children : []
  const asked = stringConstant(name)
  // A name that comes from a row (psql's \dconfig) cannot be known here; the engine's own settings stay closed.
  if (asked === undefined) return constant("")
  const value = setting(asked)
  if (value !== undefined) return constant(value)
  if (missingOk === undefined) throw new PgError("42704", `unrecognized configuration parameter "${asked}"`)
  return { ...constant(""), value: { type: { id: "NULL", type_info: null }, is_null: true } }
}

/** What stands in the place of a call whose answer is a fact of the session; undefined: it is another one. Throws PgError. */
export function sessionConstant(node: Tree, name: string, facts: SessionFacts): Tree | undefined {
  if (Object.hasOwn(constants, name)) return constant(constants[name]?.(facts) ?? "")
  if (name === "current_database" || name === "current_catalog")
    return facts.shownDatabase === facts.database ? undefined : constant(facts.shownDatabase)
  if (name === "current_setting") return currentSetting(node, facts)
  if (/^pg_(try_)?advisory_/.test(name) && name !== "pg_advisory_unlock_all")
    throw new PgError("0A000", "advisory locks are not supported on this port")
  return undefined
}
