import type { Caller } from "../../../control-plane/control-plane.ts"
import type { SqlUsers } from "../../../control-plane/sql-users/sql-users.ts"
import {
  everyone,
  foldName,
  type Grant,
  type GrantScope,
  type Privilege,
  scopeName,
} from "../../../domain/sql-access.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { type Answer, hiddenSchemas, type StatementSession } from "../../../query/contract.ts"
import { faultAsPgError } from "../../../query/faults.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { showGrants } from "./show-grants.ts"
import type { AccessCommand, GrantCommand, GrantObject } from "./statements.ts"

export interface AccessContext {
  users: SqlUsers
  caller: Caller
  databases(): string[]
  isReplicated(database: string): boolean
  session: StatementSession
}

const tablePrivileges: Privilege[] = ["select", "insert", "delete", "truncate", "drop"]
const containerPrivileges: Privilege[] = ["usage", "create"]

async function scopeOf(object: GrantObject, context: AccessContext): Promise<GrantScope> {
  switch (object.kind) {
    case "database":
    case "tablesInDatabase":
      return { database: databaseNamed(object.name, context), schema: "", table: "" }
    case "schema":
    case "tablesInSchema":
      return schemaScope(object.name, context)
    case "table":
      return tableScope(object.name, context)
    default:
      return unreachable(object)
  }
}

function databaseNamed(name: string, context: AccessContext): string {
  const found = context.databases().find((one) => foldName(one) === foldName(name))
  if (found === undefined) throw new PgError("3D000", `database "${name}" does not exist`)
  return foldName(found)
}

function refuseHidden(schema: string): void {
  if (!hiddenSchemas.has(schema.toLowerCase())) return
  throw new PgError("42501", `permission denied for schema ${schema}`, {
    hint: "It holds Millrace's own records, which only administrators read.",
  })
}

async function schemaScope(name: string[], context: AccessContext): Promise<GrantScope> {
  const [schema = "", database = context.session.place.database] = [...name].reverse()
  const databaseName = databaseNamed(database, context)
  refuseHidden(schema)
  const found = await context.session.findSchemas(schema)
  if (!found.some((one) => foldName(one.database) === databaseName)) {
    throw new PgError("3F000", `schema "${schema}" does not exist in database "${database}"`)
  }
  return { database: databaseName, schema: foldName(schema), table: "" }
}

async function tableScope(name: string[], context: AccessContext): Promise<GrantScope> {
  const relation = await context.session.findRelation(name)
  if (relation === undefined) throw new PgError("42P01", `relation "${name.join(".")}" does not exist`)
  refuseHidden(relation.schema)
  return {
    database: foldName(relation.database),
    schema: foldName(relation.schema),
    table: foldName(relation.name),
  }
}

/** The privileges that the object can carry; ALL leaves out what a replicated database refuses to everyone. */
function privilegesFor(
  command: GrantCommand,
  object: GrantObject,
  scope: GrantScope,
  context: AccessContext,
): Privilege[] {
  const isTables =
    object.kind === "table" || object.kind === "tablesInSchema" || object.kind === "tablesInDatabase"
  const isReplicated = context.isReplicated(scope.database)
  const reads = (privilege: Privilege) => privilege === "select" || privilege === "usage"
  if (command.privileges === "all") {
    const all = isTables ? tablePrivileges : containerPrivileges
    return command.kind === "grant" && isReplicated ? all.filter(reads) : all
  }
  for (const privilege of command.privileges) {
    if (isTables && !tablePrivileges.includes(privilege)) {
      throw new PgError("0LP01", `invalid privilege type ${privilege.toUpperCase()} for a table`, {
        hint: "USAGE and CREATE are granted on schemas and databases.",
      })
    }
    if (command.kind === "grant" && isReplicated && !reads(privilege)) {
      throw new PgError("25006", `database "${scope.database}" is replicated and read-only`, {
        hint: "Grant SELECT and USAGE there; grant writing in a database of your own, such as dev.",
      })
    }
  }
  return command.privileges
}

async function grantsOf(command: GrantCommand, context: AccessContext): Promise<Grant[]> {
  const grants: Grant[] = []
  for (const object of command.objects) {
    const scope = await scopeOf(object, context)
    for (const privilege of privilegesFor(command, object, scope, context)) {
      for (const grantee of command.grantees) grants.push({ grantee, privilege, ...scope })
    }
  }
  return grants
}

async function changeGrants(command: GrantCommand, context: AccessContext): Promise<Answer> {
  const unknown = command.grantees.find((name) => name !== everyone && context.users.find(name) === undefined)
  if (unknown !== undefined) throw new PgError("42704", `user "${unknown}" does not exist`)
  const grants = await grantsOf(command, context)
  if (context.session.transaction.isExplicit() && !areHeld(command, grants, context)) throw inTransaction()
  if (command.kind === "grant") await context.users.grant(context.caller, grants)
  else await context.users.revoke(context.caller, grants)
  return { rows: [], tag: command.kind.toUpperCase() }
}

async function createUser(
  command: Extract<AccessCommand, { kind: "createUser" }>,
  { users, caller }: AccessContext,
): Promise<Answer> {
  if (users.find(command.name)) throw new PgError("42710", `user "${command.name}" already exists`)
  const {
    isSuperuser = false,
    canCreateDatabases = false,
    verifier = null,
    validUntil = null,
  } = command.options
  await users.create(caller, { name: command.name, isSuperuser, canCreateDatabases, verifier, validUntil })
  return { rows: [], tag: "CREATE USER" }
}

async function dropUsers(
  { names, ifExists }: Extract<AccessCommand, { kind: "dropUsers" }>,
  { users, caller }: AccessContext,
): Promise<Answer> {
  const unknown = names.find((name) => users.find(name) === undefined)
  if (unknown !== undefined && !ifExists) throw new PgError("42704", `user "${unknown}" does not exist`)
  for (const name of names) await users.drop(caller, name)
  return { rows: [], tag: "DROP USER" }
}

/** What a GRANT inside a transaction would change, its ROLLBACK could not undo; what is granted already changes nothing. */
function areHeld({ kind }: GrantCommand, grants: readonly Grant[], { users }: AccessContext): boolean {
  const held = users.grants()
  const isHeld = ({ grantee, privilege, ...scope }: Grant) =>
    held.some(
      (one) => one.grantee === grantee && one.privilege === privilege && scopeName(one) === scopeName(scope),
    )
  return kind === "grant" && grants.every(isHeld)
}

function refuseInTransaction({ kind }: AccessCommand, { session: { transaction } }: AccessContext): void {
  transaction.assertUsable()
  if (kind === "showGrants" || kind === "grant" || !transaction.isExplicit()) return
  throw inTransaction()
}

function inTransaction(): PgError {
  return new PgError("25001", "statements about users and rights cannot run inside a transaction block", {
    hint: "They take effect at once, and ROLLBACK would not undo them.",
  })
}

/** Does what a statement about users and rights says. Only who may is asked of the service. Throws PgError. */
export async function runAccessCommand(command: AccessCommand, context: AccessContext): Promise<Answer> {
  const { users, caller } = context
  refuseInTransaction(command, context)
  const isAdmin = caller.role === "admin"
  if (!isAdmin && command.kind !== "alterUser" && command.kind !== "showGrants") {
    throw new PgError("42501", `permission denied: "${caller.name}" is no administrator`)
  }
  try {
    switch (command.kind) {
      case "createUser":
        return await createUser(command, context)
      case "alterUser":
        await users.alter(caller, command.name, command.options)
        return { rows: [], tag: "ALTER USER" }
      case "dropUsers":
        return await dropUsers(command, context)
      case "grant":
      case "revoke":
        return await changeGrants(command, context)
      case "showGrants": {
        const scope = command.object && (await scopeOf(command.object, context))
        return { rows: showGrants(users, { scope, grantee: command.grantee, caller }), tag: "SHOW" }
      }
      default:
        return unreachable(command)
    }
  } catch (error) {
    throw faultAsPgError(error)
  }
}
