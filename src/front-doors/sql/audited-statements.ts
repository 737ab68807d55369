import { randomUUID } from "node:crypto"
import { type AuditLog, audited } from "../../control-plane/audit.ts"
import type { Caller } from "../../control-plane/control-plane.ts"
import type { AuditedCall } from "../../domain/audit.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { AuditStore } from "../../state/audit.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import type { AccessCommand } from "./access/statements.ts"
import { type DatabaseCommand, databaseTags } from "./database-commands.ts"
import { faultAsPgError } from "./faults.ts"

/** What the audit trail keeps of a statement: never its text, which may hold a password. */
export type AuditedStatement = Pick<AuditedCall, "operation" | "resource" | "parameters">

/** Runs a statement that changes something, with its entry in the trail. */
export type AuditStatement = <T>(statement: AuditedStatement, run: () => Promise<T>) => Promise<T>

export interface StatementAuditOptions {
  /** Absent: there is no trail. */
  store: AuditStore | undefined
  log: AuditLog
  caller(): Caller
  address: string | undefined
}

export function statementAudit({ store, log, caller, address }: StatementAuditOptions): AuditStatement {
  if (store === undefined) return (_, run) => run()
  return async (statement, run) => {
    const { name: accessKeyId, policy } = caller()
    const call = { ...statement, requestId: randomUUID(), door: "sql", accessKeyId, policy, address }
    try {
      return await audited({ store, log, outcomeOf }, call, run, () => undefined)
    } catch (error) {
      throw faultAsPgError(error)
    }
  }
}

function outcomeOf(error: unknown): string {
  return error instanceof PgError ? error.code : "internal"
}

export function databaseStatement(command: DatabaseCommand): AuditedStatement {
  const { kind, name, ...parameters } = command
  return { operation: databaseTags[kind], resource: name, parameters }
}

/** `undefined`: it only shows. */
export function accessStatement(command: AccessCommand): AuditedStatement | undefined {
  switch (command.kind) {
    case "createUser":
    case "alterUser": {
      const operation = command.kind === "createUser" ? "CREATE USER" : "ALTER USER"
      // Which options, and not their values: the password's verifier is one.
      return { operation, resource: command.name, parameters: { sets: Object.keys(command.options) } }
    }
    case "dropUsers": {
      const { names, ifExists } = command
      return { operation: "DROP USER", resource: names.join(", "), parameters: { names, ifExists } }
    }
    case "grant":
    case "revoke": {
      const { kind, ...parameters } = command
      return { operation: kind.toUpperCase(), resource: undefined, parameters }
    }
    case "showGrants":
      return undefined
    default:
      return unreachable(command)
  }
}
