import type { Caller } from "../../../control-plane/control-plane.ts"
import type { CreateDatabaseInput } from "../../../control-plane/databases/destination-databases.ts"
import type { HistoryScope } from "../../../control-plane/databases/history-mode.ts"
import type { RefreshScope } from "../../../control-plane/databases/refresh-scope.ts"
import type { DatabaseOptions } from "../../../domain/database-options.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { StatementTransaction } from "../../../query/contract.ts"
import { faultAsPgError } from "../../../query/faults.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type AuditStatement, databaseStatement } from "../audited-statements.ts"
import { type DatabaseCommand, databaseTags } from "./database-commands.ts"

/** What the statements about databases do, behind the port. Every method may throw Fault. */
export interface DatabaseAdministration {
  /** Those of the warehouse, also what cannot be opened. */
  names(): Promise<string[]>
  create(caller: Caller, input: CreateDatabaseInput): Promise<void>
  /** One that people may write. Undefined: this port holds no rows. */
  createOwn: ((caller: Caller, name: string) => Promise<void>) | undefined
  /** Resolves when it is gone. */
  drop(caller: Caller, name: string): Promise<void>
  set(
    caller: Caller,
    name: string,
    options: Partial<DatabaseOptions>,
    historyFor: HistoryScope,
  ): Promise<void>
  refresh(caller: Caller, name: string, scope: RefreshScope): Promise<void>
}

export interface AdministrationContext {
  /** Undefined: this port has none. */
  administration: DatabaseAdministration | undefined
  caller: Caller
  audit: AuditStatement
  /** The session's own. */
  database: string
  /** Sessions on a database. */
  sessions(database: string): number
}

/** Runs a statement about a database; its command tag. Throws PgError. */
export function runDatabaseCommand(
  command: DatabaseCommand,
  context: AdministrationContext,
  transaction: StatementTransaction,
): Promise<string> {
  return context.audit(databaseStatement(command), () => runUnaudited(command, context, transaction))
}

async function runUnaudited(
  command: DatabaseCommand,
  context: AdministrationContext,
  transaction: StatementTransaction,
): Promise<string> {
  const tag = databaseTags[command.kind]
  transaction.assertUsable()
  if (transaction.isExplicit()) throw new PgError("25001", `${tag} cannot run inside a transaction block`)
  if (context.caller.role !== "admin") throw new PgError("42501", `permission denied: ${tag}`)
  if (context.administration === undefined) throw new PgError("0A000", `${tag} is not supported on this port`)
  // What came before in the same batch is done; nothing of this can be undone with it.
  await transaction.endImplicit(false)
  try {
    await run(command, context, context.administration)
  } catch (error) {
    throw faultAsPgError(error)
  }
  return tag
}

async function run(
  command: DatabaseCommand,
  context: AdministrationContext,
  administration: DatabaseAdministration,
): Promise<void> {
  const { caller } = context
  switch (command.kind) {
    case "create": {
      const { kind: _, owner, ...input } = command
      refuseOtherOwner(owner, caller)
      return administration.create(caller, input)
    }
    case "createOwn":
      refuseOtherOwner(command.owner, caller)
      if (administration.createOwn === undefined)
        throw new PgError("0A000", "CREATE DATABASE without FROM INTEGRATION is not supported on this port", {
          hint: "It holds no rows: make the database at the warehouse itself.",
        })
      return administration.createOwn(caller, command.name)
    case "drop":
      return drop(command, context, administration)
    case "set":
      await requireThere(command.name, administration)
      return administration.set(caller, command.name, command.options, command.historyFor)
    case "refresh":
      await requireThere(command.name, administration)
      return administration.refresh(caller, command.name, command.scope)
    default:
      return unreachable(command)
  }
}

function refuseOtherOwner(owner: string | undefined, caller: Caller): void {
  if (owner === undefined || owner === caller.name) return
  throw new PgError("0A000", "OWNER other than yourself is not supported")
}

async function drop(
  { name, ifExists }: Extract<DatabaseCommand, { kind: "drop" }>,
  context: AdministrationContext,
  administration: DatabaseAdministration,
): Promise<void> {
  if (ifExists && !(await administration.names()).includes(name)) return
  await requireThere(name, administration)
  if (name === context.database) throw new PgError("55006", "cannot drop the currently open database")
  const others = context.sessions(name)
  if (others > 0)
    throw new PgError("55006", `database "${name}" is being accessed by other users`, {
      detail: `There ${others === 1 ? "is 1 other session" : `are ${others} other sessions`} using the database.`,
    })
  await administration.drop(context.caller, name)
}

async function requireThere(name: string, { names }: DatabaseAdministration): Promise<void> {
  if ((await names()).includes(name)) return
  throw new PgError("3D000", `database "${name}" does not exist`)
}
