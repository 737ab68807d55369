import type {
  DoorStatement,
  QuerySession,
  ReadDoorStatement,
  StatementSession,
} from "../../query/contract.ts"
import { isWord, type Token } from "../../query/text/tokens.ts"
import { type AuditStatement, statementAudit } from "./audited-statements.ts"
import type { CopyContext } from "./copy/context.ts"
import { copyFields, copyNotices, runCopyCommand } from "./copy/run.ts"
import { type CopyCommand, copyCommand } from "./copy/statements.ts"
import { type AdministrationContext, runDatabaseCommand } from "./databases/administration.ts"
import { type DatabaseCommand, databaseCommand } from "./databases/database-commands.ts"
import { impersonationStatement } from "./impersonation-statements.ts"
import type { ResourceContext } from "./resources/change.ts"
import { resourceStatement } from "./resources/run.ts"
import { resourceCommand } from "./resources/statements.ts"
import type { SqlPortOptions } from "./sql-port.ts"
import { upkeepStatement } from "./upkeep-statements.ts"
import { callerOf } from "./users/logins.ts"
import { type AccessContext, runAccessCommand } from "./users/run-command.ts"
import { grantColumns } from "./users/show-grants.ts"
import { type AccessCommand, accessCommand } from "./users/statements.ts"

/** What the door's statements work on, in one user's session. */
interface Contexts {
  access(session: StatementSession): AccessContext
  databases(session: StatementSession): AdministrationContext
  copy(session: StatementSession): CopyContext
  audit: AuditStatement
  resources(session: StatementSession): ResourceContext
}

/** Reads the statements that the SQL port runs itself: about users and rights, about databases, COPY of files. */
export function doorStatements(
  options: SqlPortOptions,
  sessions: ReadonlySet<QuerySession>,
  who: { user: string; address: string | undefined },
): ReadDoorStatement {
  const contexts = contextsOf(options, sessions, who)
  return (tokens, text, typed) => {
    const access = accessCommand(tokens)
    const changes = wordsOf(tokens)
    if (access)
      return { ...accessStatement(access, contexts), ...(access.kind !== "showGrants" && { changes }) }
    const database = databaseCommand(tokens)
    if (database) return { ...databaseStatement(database, contexts), changes }
    const copy = copyCommand(tokens, text)
    if (copy) return { ...copyStatement(copy, contexts), ...(copyFields(copy) === undefined && { changes }) }
    const resource = resourceCommand(text, typed)
    if (resource) return resourceStatement(resource, contexts.resources)
    return (
      impersonationStatement(tokens, contexts.audit) ?? upkeepStatement(tokens, options.engine.isReplicated)
    )
  }
}

/** As an error names a statement: `GRANT`, `CREATE USER`. */
function wordsOf([first, second]: readonly Token[]): string {
  const words = isWord(first, "create", "alter", "drop") ? [first, second] : [first]
  return words.map((token) => token?.value.toUpperCase() ?? "").join(" ")
}

function contextsOf(
  { users, engine, audit, log, administration, copy, resources: plane }: SqlPortOptions,
  sessions: ReadonlySet<QuerySession>,
  { user, address }: { user: string; address: string | undefined },
): Contexts {
  const caller = () => callerOf(users, user)
  const audited = statementAudit({ store: audit, log, caller, address })
  const { databases, isReplicated } = engine
  return {
    audit: audited,
    access: (session) => ({
      users,
      caller: callerOf(users, user, address),
      databases,
      isReplicated,
      session,
    }),
    databases: ({ place: { database } }) => ({
      administration,
      caller: caller(),
      audit: audited,
      database,
      sessions: (name) => [...sessions].filter((one) => one.database === name).length,
    }),
    copy: (session) => ({ administration: copy, caller: caller(), audit: audited, isReplicated, session }),
    resources: (session) => ({ plane, caller: caller(), audit: audited, session }),
  }
}

function accessStatement(command: AccessCommand, contexts: Contexts): DoorStatement {
  return {
    columns: command.kind === "showGrants" ? grantColumns : undefined,
    notices: [],
    run: (session) => runAccessCommand(command, contexts.access(session)),
  }
}

function databaseStatement(command: DatabaseCommand, contexts: Contexts): DoorStatement {
  return {
    columns: undefined,
    notices: [],
    run: async (session) => {
      const tag = await runDatabaseCommand(command, contexts.databases(session), session.transaction)
      return { rows: [], tag }
    },
  }
}

function copyStatement(command: CopyCommand, contexts: Contexts): DoorStatement {
  return {
    columns: copyFields(command),
    notices: copyNotices(command),
    run: (session) => runCopyCommand(command, contexts.copy(session)),
  }
}
