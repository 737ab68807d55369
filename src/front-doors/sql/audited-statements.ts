import { randomUUID } from "node:crypto"
import { type AuditLog, audited } from "../../control-plane/audit/audit.ts"
import type { Caller } from "../../control-plane/control-plane.ts"
import type { AuditedCall } from "../../domain/audit.ts"
import { faultAsPgError } from "../../query/faults.ts"
import type { AuditStore } from "../../state/audit.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { type DatabaseCommand, databaseTags } from "./databases/database-commands.ts"

/** What the audit trail keeps of a statement about databases; those about users and rights are recorded by their service. */
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
    const { name: accessKeyId, role: policy } = caller()
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
