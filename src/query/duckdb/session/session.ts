import type { GuardedTable } from "../../../control-plane/databases/guarded-tables.ts"
import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Field, Prepared, SqlSession } from "../../../wire/pgwire/session.ts"
import { type AccessContext, runAccessCommand } from "../../../front-doors/sql/access/run-command.ts"
import { grantColumns } from "../../../front-doors/sql/access/show-grants.ts"
import type { AccessCommand } from "../../../front-doors/sql/access/statements.ts"
import { type AdministrationContext, runDatabaseCommand } from "../../../front-doors/sql/databases/administration.ts"
import { answered, nothingAsked } from "./answered.ts"
import { visibilityStatement } from "../catalog/visibility.ts"
import type { CopyContext } from "../../../front-doors/sql/copy/context.ts"
import { copyFields, copyNotices, runCopyCommand } from "../../../front-doors/sql/copy/run.ts"
import type { CopyCommand } from "../../../front-doors/sql/copy/statements.ts"
import { preparedCopyOut } from "../portals/copy-portal.ts"
import { sessionCursors } from "../portals/cursors.ts"
import type { DatabaseCommand } from "../../../front-doors/sql/databases/database-commands.ts"
import type { DefinitionFiles } from "./definition-files.ts"
import { engineError } from "./engine-errors.ts"
import type { EngineSession } from "./engine-session.ts"
import { engineStatements } from "./engine-statements.ts"
import { idleLimit } from "./idle-limit.ts"
import { type Plan, type PlanContext, planStatement } from "./plan.ts"
import { type Answer, answer, answerFields, textField } from "./session-answers.ts"
import type { SessionCommand } from "./session-commands.ts"
import { sessionScope } from "./session-scope.ts"
import type { SessionSettings } from "./settings.ts"
import type { SystemViews } from "../catalog/system-views.ts"
import { splitStatements } from "../../text/tokens.ts"

export interface SessionParts {
  engine: EngineSession
  settings: SessionSettings
  administration: AdministrationContext
  plan: Omit<PlanContext, "access" | "place" | "ask">
  /** The session's database. */
  database: string
  /** No statement runs longer, whatever the session has set; 0: as the session has set. */
  timeoutAtMostMs(): number
  /** What the user may do now. Throws 57P01 when there is no such user any more. */
  access(): Promise<SqlAccess>
  /** What statements about users and rights work on. */
  users(): Omit<AccessContext, "place" | "ask">
  /** What COPY works on. */
  copy(): Omit<CopyContext, "place" | "run" | "alive" | "access" | "transaction">
  systemViews: SystemViews
  files: DefinitionFiles
  /** Tables that can be read only when they are in step. */
  guarded(): readonly GuardedTable[]
  /** The schemas of the session's database that exist now, by lower-case name. */
  schemas(): Promise<Map<string, string>>
  onClose(): void
  onInternalError(error: unknown): void
}

export function sqlSession(parts: SessionParts): SqlSession {
  const { engine, settings } = parts
  const { transaction } = engine
  transaction.onCommitted(parts.files.committed)
  const localValues = new Map<string, string>()
  let notices: string[] = []
  const scope = sessionScope(parts)
  const { place } = scope
  const statements = engineStatements({
    ...parts,
    ...scope,
    parser: parts.plan.parser,
    isReplicated: parts.plan.rules.isReplicated,
    access: currentAccess,
  })
  const cursors = sessionCursors({ transaction, prepareQuery: statements.query })
  let shownTo = ""
  const plan: PlanContext = { ...parts.plan, access: currentAccess, place, ask }

  /** A question of our own, on the session's connection and in its transaction. */
  async function ask(sql: string): Promise<string[][]> {
    await engine.claim(undefined)
    return engine.ask(sql)
  }

  async function currentAccess(): Promise<SqlAccess> {
    const access = await parts.access()
    const shown = visibilityStatement(access)
    if (shown !== shownTo) {
      await ask(shown)
      shownTo = shown
    }
    return access
  }

  /** What the port does itself. */
  function own(fields: Field[] | undefined, run: () => Promise<Answer>): Prepared {
    return answered(fields, async () => {
      await engine.claim(undefined)
      return run()
    })
  }

  function prepareCommand(command: SessionCommand): Prepared {
    const fields = answerFields(command)
    const context = { settings, transaction, applySettings: scope.apply, localValues, cursors }
    const endsTransaction = command.kind === "commit" || command.kind === "rollback"
    return answered(fields, async () => {
      // Before the connection is wanted: what is to be thrown away need not be read first.
      if (endsTransaction) await cursors.beforeEnd(command.kind === "commit")
      await engine.claim(undefined)
      return answer(command, context)
    })
  }

  function prepareDatabaseCommand(command: DatabaseCommand): Prepared {
    const run = () => runDatabaseCommand(command, parts.administration, transaction)
    return own(undefined, async () => ({ rows: [], tag: await run() }))
  }

  function prepareAccess(command: AccessCommand): Prepared {
    const fields = command.kind === "showGrants" ? grantColumns.map(textField) : undefined
    return own(fields, async () => {
      transaction.assertUsable()
      if (fields === undefined && transaction.isExplicit()) {
        throw new PgError(
          "25001",
          "statements about users and rights cannot run inside a transaction block",
          {
            hint: "They take effect at once, and ROLLBACK would not undo them.",
          },
        )
      }
      return runAccessCommand(command, { ...parts.users(), place: place(), ask })
    })
  }

  function prepareCopy(command: CopyCommand): Prepared {
    return own(copyFields(command)?.map(textField), async () => {
      transaction.wrote()
      return runCopyCommand(command, {
        ...parts.copy(),
        access: await currentAccess(),
        place: place(),
        run: ask,
        alive: () => engine.call(async () => undefined),
        transaction,
      })
    })
  }

  async function prepare(sql: string, declared: number[]): Promise<Prepared> {
    statements.start()
    await scope.ensure()
    const planned = await planOne(sql)
    if (planned === undefined) return nothingAsked
    switch (planned.kind) {
      case "session":
        return prepareCommand(planned.command)
      case "database":
        return prepareDatabaseCommand(planned.command)
      case "access":
        return prepareAccess(planned.command)
      case "copy":
        notices.push(...copyNotices(planned.command))
        return prepareCopy(planned.command)
      case "engine":
        notices.push(...planned.notices)
        return planned.verb === "EXPLAIN"
          ? statements.explain(planned, declared)
          : statements.query(planned, declared)
      case "copyOut":
        return preparedCopyOut(await statements.query(planned.query, []), planned.options)
      case "cursor":
        return cursors.prepare(planned.command, declared)
      default:
        return unreachable(planned)
    }
  }

  async function planOne(sql: string): Promise<Plan | undefined> {
    const [statement, more] = splitStatements(sql)
    if (statement === undefined) return undefined
    if (more !== undefined)
      throw new PgError("42601", "cannot insert multiple commands into a prepared statement")
    return planStatement(statement, plan)
  }

  async function failTransaction(): Promise<void> {
    // Looking whether the engine's transaction lives ends a result that is half read; what cannot be kept says so when asked.
    if (transaction.status() === "T") await engine.claim(undefined).catch(() => undefined)
    await transaction.fail()
  }

  return {
    parameters: () => settings.reported(),
    takeChangedParameters: () => settings.takeChanged(),
    takeNotices: () => {
      const taken = notices
      notices = []
      return taken
    },
    split: splitStatements,
    prepare,
    endBatch: async (failed) => {
      engine.endStatement()
      if (failed) await failTransaction()
      else await transaction.endImplicit(false)
    },
    status: () => transaction.status(),
    idleLimit: () => idleLimit(settings, transaction.status()),
    cancel: () => void engine.cancel(),
    asPgError: (error) => {
      const shown = engineError(error)
      if (shown.code === "XX000") parts.onInternalError(error)
      return shown
    },
    close: async () => {
      cursors.closeAll()
      engine.close()
      parts.onClose()
    },
  }
}
