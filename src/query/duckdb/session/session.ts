import type { GuardedTable } from "../../../control-plane/databases/guarded-tables.ts"
import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Prepared, SqlSession } from "../../../wire/pgwire/session.ts"
import type { Answer, DoorStatement, LastCopy, StatementSession, TextRow } from "../../contract.ts"
import { withoutBackTicks } from "../../text/back-ticks.ts"
import { splitStatements } from "../../text/tokens.ts"
import { replicatedKeys } from "../catalog/replicated-keys.ts"
import { visibilityStatement } from "../catalog/visibility.ts"
import { parserOfPostgres } from "../dialect/arrows.ts"
import type { Impersonation } from "../governance/impersonation.ts"
import { preparedAnew } from "../governance/prepared-anew.ts"
import { preparedCopyOut } from "../portals/copy-portal.ts"
import { sessionCursors } from "../portals/cursors.ts"
import { namedStatements } from "../portals/named-statements.ts"
import { meantRelation, relationsNamed, schemasNamed } from "../rights/relation-names.ts"
import { speaksRedshift } from "../semantics/session-meaning.ts"
import { declaredTypes } from "../values/parameters.ts"
import { preparedVirtualWrite } from "../virtual/virtual-writes.ts"
import type { VirtualWrite } from "../virtual/write-statements.ts"
import { answered, answeredWith, nothingAsked } from "./answered.ts"
import type { DefinitionFiles } from "./definition-files.ts"
import { engineError } from "./engine-errors.ts"
import type { EngineSession } from "./engine-session.ts"
import { engineStatements } from "./engine-statements.ts"
import { idleLimit } from "./idle-limit.ts"
import { type Plan, planStatement } from "./plan.ts"
import type { PlanContext } from "./plans/context.ts"
import { answer, answerFields, changeSetting, textField } from "./session-answers.ts"
import type { SessionCommand } from "./session-commands.ts"
import { sessionScope } from "./session-scope.ts"
import type { SessionSettings } from "./settings.ts"
import type { EnginePlan } from "./statement-kinds.ts"

export interface SessionParts {
  engine: EngineSession
  settings: SessionSettings
  plan: Omit<PlanContext, "access" | "place" | "ask" | "keys">
  /** The session's database. */
  database: string
  /** No statement runs longer, whatever the session has set; 0: as the session has set. */
  timeoutAtMostMs(): number
  /** What the user may do now. Throws 57P01 when there is no such user any more. */
  access(): Promise<SqlAccess>
  /** As `pg_backend_pid()` shows it. */
  id: number
  copied(copy: LastCopy): void
  impersonation: Pick<Impersonation, "begin" | "end">
  files: DefinitionFiles
  /** How many definitions have changed so far. */
  definitions(): number
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
  const notices: string[] = []
  const released: (string | undefined)[] = []
  const scope = sessionScope(parts)
  const { place } = scope
  const statements = engineStatements({
    ...parts,
    ...scope,
    parser: parts.plan.parser,
    governed: parts.plan.governed,
    user: parts.plan.rules.user,
    isReplicated: parts.plan.rules.isReplicated,
    access: currentAccess,
    change: changeSetting({ settings, transaction, applySettings: scope.apply, localValues }),
  })
  const cursors = sessionCursors({ transaction, prepareQuery: statements.query })
  const named = namedStatements({ judge: planOne, transaction })
  let shownTo = ""
  const keys = replicatedKeys(parts.database, ask)
  const plan: PlanContext = { ...dialectOf(parts.plan), access: currentAccess, place, ask, keys }

  /** A question of our own, on the session's connection and in its transaction. */
  async function ask(sql: string): Promise<string[][]> {
    await engine.claim(undefined)
    return engine.ask(sql)
  }

  async function currentAccess(): Promise<SqlAccess> {
    const access = await parts.access()
    const isGoverned = !access.isSuperuser && parts.plan.governed.now().kind !== "off"
    const shown = visibilityStatement(access, { hidesCounts: isGoverned })
    if (shown !== shownTo) {
      await ask(shown)
      shownTo = shown
    }
    return access
  }

  const writeOf = (write: VirtualWrite, query: Prepared) =>
    preparedVirtualWrite(write, query, { transaction, caller: () => callerIn(parts, currentAccess) })
  const forDoor = statementSession(parts, { place, ask, access: currentAccess })

  async function prepareDoor(plan: Extract<Plan, { kind: "door" }>, declared: number[]): Promise<Prepared> {
    const query = plan.query && (await statements.query(plan.query, declared))
    return doorStatement(plan.statement, query, async (run) => {
      await engine.claim(undefined)
      return run(forDoor)
    })
  }

  function prepareCommand(command: SessionCommand): Prepared {
    const fields = answerFields(command)
    const context = { settings, transaction, applySettings: scope.apply, localValues, cursors, released }
    const endsTransaction = command.kind === "commit" || command.kind === "rollback"
    return answered(fields, async () => {
      // Before the connection is wanted: what is to be thrown away need not be read first.
      if (endsTransaction) await cursors.beforeEnd(command.kind === "commit")
      await engine.claim(undefined)
      if (command.kind === "deallocate") named.remove(command.name)
      return answer(command, context)
    })
  }

  async function prepare(sent: string, given: number[]): Promise<Prepared> {
    const declared = declaredTypes(sent, given)
    statements.start()
    await scope.ensure()
    const sql = await named.read(sent)
    if (typeof sql !== "string") return sql
    const planned = await planOne(sql)
    if (planned === undefined) return nothingAsked
    const anew = { query: (plan: EnginePlan) => statements.query(plan, declared), again: () => planOne(sql) }
    switch (planned.kind) {
      case "session":
        return prepareCommand(planned.command)
      case "door":
        notices.push(...planned.statement.notices)
        return prepareDoor(planned, declared)
      case "engine":
        notices.push(...planned.notices)
        return planned.verb === "EXPLAIN"
          ? statements.explain(planned, declared)
          : preparedAnew(planned, anew)
      case "copyOut":
        return preparedCopyOut(await preparedAnew(planned.query, anew), planned.options)
      case "virtualWrite":
        return writeOf(planned.write, await statements.query(planned.query, declared))
      case "cursor":
        return cursors.prepare(planned.command, declared)
      default:
        return unreachable(planned)
    }
  }

  async function planOne(sql: string): Promise<Plan | undefined> {
    const statement = onlyStatement(sql)
    return statement === undefined ? undefined : planStatement(statement, plan)
  }

  async function failTransaction(): Promise<void> {
    // Looking whether the engine's transaction lives ends a result that is half read; what cannot be kept says so when asked.
    if (transaction.status() === "T") await engine.claim(undefined).catch(() => undefined)
    await transaction.fail()
  }

  return {
    parameters: () => settings.reported(),
    takeChangedParameters: () => settings.takeChanged(),
    takeNotices: () => notices.splice(0),
    takeReleased: () => released.splice(0),
    cursorFields: cursors.fields,
    split,
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

/** With a parser that binds operators as the session's dialect does. */
function dialectOf(plan: SessionParts["plan"]): SessionParts["plan"] {
  const { parser, facts } = plan
  const ofPostgres = parserOfPostgres(parser)
  const parse = (sql: string) => (speaksRedshift(facts) ? ofPostgres : parser).parse(sql)
  return { ...plan, parser: { ...parser, parse } }
}

/** For whom virtual tables make and take rows. */
async function callerIn({ database, plan }: SessionParts, access: () => Promise<SqlAccess>) {
  return { user: plan.rules.user, database, access: await access() }
}

/** `within`: lends the session. Throws 25006 for a change in a read-only transaction. */
function doorStatement(
  { columns, changes, run }: DoorStatement,
  query: Prepared | undefined,
  within: (work: (session: StatementSession) => Promise<Answer>) => Promise<Answer>,
): Prepared {
  const fields = columns?.map(textField)
  const runIn = (session: StatementSession, rows: readonly TextRow[]) => {
    if (changes !== undefined) session.transaction.assertWritable(changes)
    return run(session, rows)
  }
  if (query === undefined) return answered(fields, () => within((session) => runIn(session, [])))
  return answeredWith(query, fields, (rows) => within((session) => runIn(session, rows)))
}

const split = (sql: string) => splitStatements(withoutBackTicks(sql))

/** Undefined: there is none. Throws 42601 for several. */
function onlyStatement(sql: string): string | undefined {
  const [statement, more] = split(sql)
  if (more === undefined) return statement
  throw new PgError("42601", "cannot insert multiple commands into a prepared statement")
}

/** The session as statements of the door see it. */
function statementSession(
  { id, engine, settings, copied, impersonation }: SessionParts,
  { place, ask, access }: Pick<PlanContext, "place" | "ask" | "access">,
): StatementSession {
  return {
    id,
    transaction: engine.transaction,
    get place() {
      return place()
    },
    access,
    setting: settings.get,
    findRelation: async (name) =>
      meantRelation(name, place(), await relationsNamed([name.at(-1) ?? ""], ask)),
    findSchemas: (name) => schemasNamed(name, ask),
    run: ask,
    impersonate: (name) => {
      if (name !== undefined) return impersonation.begin(name)
      impersonation.end()
      return undefined
    },
    copied,
    alive: () => engine.call(async () => undefined),
  }
}
