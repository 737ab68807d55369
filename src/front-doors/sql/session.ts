import { type DuckDBPreparedStatement, StatementType } from "@duckdb/node-api"
import { unreachable } from "../../domain/unreachable.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import type { Format, Portal, Prepared, SqlSession } from "../../wire/pgwire/session.ts"
import { type AdministrationContext, runDatabaseCommand } from "./administration.ts"
import { bindParameters } from "./bind-parameters.ts"
import type { DatabaseCommand } from "./database-commands.ts"
import { engineError } from "./engine-errors.ts"
import { type EnginePortal, enginePortal, fieldsOf, fixedPortal } from "./engine-portal.ts"
import type { EngineSession } from "./engine-session.ts"
import { explainFields, explainPortal } from "./explain-portal.ts"
import { type BoundValue, type Parameter, parametersOf, readParameter } from "./parameters.ts"
import { type Plan, type PlanContext, planStatement } from "./plan.ts"
import { answer, answerFields } from "./session-answers.ts"
import type { SessionCommand } from "./session-commands.ts"
import { durationMs, type SessionSettings } from "./settings.ts"
import { splitStatements } from "./tokens.ts"
import { prepareTyped, untypedParameters } from "./untyped-parameters.ts"
import { type WireType, wireTypeOf } from "./value-types.ts"

export interface SessionParts {
  engine: EngineSession
  settings: SessionSettings
  plan: PlanContext
  administration: AdministrationContext
  /** The schemas of the session's database that exist now, by lower-case name. */
  schemas(): Promise<Map<string, string>>
  onClose(): void
  onInternalError(error: unknown): void
}

type EnginePlan = Extract<Plan, { kind: "engine" }>

const writingTags = new Set(["UPDATE", "DELETE", "MERGE"])

function commandTag(verb: string, rowsSent: number, changed: number, returning: boolean): string {
  const count = returning ? rowsSent : changed
  if (verb === "SELECT") return `SELECT ${rowsSent}`
  if (verb === "INSERT") return `INSERT 0 ${count}`
  return writingTags.has(verb) ? `${verb} ${count}` : verb
}

/** The statement kinds that the plan's verb may turn out to be; anything else means that we misread it. */
function isExpected(type: StatementType, plan: EnginePlan): boolean {
  if (plan.verb === "SELECT") return type === StatementType.SELECT
  if (plan.verb === "EXPLAIN") return type === StatementType.EXPLAIN
  const [first] = plan.verb.split(" ")
  const expected: Record<string, StatementType[]> = {
    INSERT: [StatementType.INSERT],
    UPDATE: [StatementType.UPDATE],
    DELETE: [StatementType.DELETE],
    TRUNCATE: [StatementType.DELETE],
    MERGE: [StatementType.MERGE_INTO],
    CREATE: [StatementType.CREATE],
    DROP: [StatementType.DROP],
    ALTER: [StatementType.ALTER],
  }
  return expected[first ?? ""]?.includes(type) ?? false
}

/** Only a query, or a write with RETURNING, has rows; a plain write reports DuckDB's single column `Count`. */
function returnsRows(prepared: DuckDBPreparedStatement, plan: EnginePlan): boolean {
  if (!plan.writes) return true
  if (!/^(INSERT|UPDATE|DELETE|MERGE)/.test(plan.verb)) return false
  return !(prepared.columnCount === 1 && prepared.columnName(0) === "Count")
}

/** What an empty statement prepares to. */
const emptyPrepared: Prepared = {
  parameterOids: [],
  fields: undefined,
  bind: async () => fixedPortal(undefined, async () => ({ rows: [], tag: "" })),
  close: () => undefined,
}

function readAll(parameters: Parameter[], values: (Uint8Array | null)[], formats: Format[]): BoundValue[] {
  if (values.length !== parameters.length) {
    throw new PgError(
      "08P01",
      `bind message supplies ${values.length} parameters, but ${parameters.length} are required`,
    )
  }
  return parameters.map((parameter, index) => {
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? 0
    return readParameter(values[index] ?? null, format, parameter)
  })
}

export function sqlSession(parts: SessionParts): SqlSession {
  const { engine, settings } = parts
  const { transaction } = engine
  const localValues = new Map<string, string>()
  let hasSearchPath = false

  async function applySearchPath(): Promise<void> {
    const existing = await parts.schemas()
    const asked = (settings.get("search_path") ?? "")
      .split(",")
      .map((one) => one.trim().replace(/^"(.*)"$/, "$1"))
    const wanted = asked.flatMap((one) => existing.get(one.toLowerCase()) ?? [])
    // DuckDB's own `main` comes last, so that tables made in a database without `public` are found.
    const main = existing.get("main")
    if (main !== undefined && !wanted.includes(main)) wanted.push(main)
    hasSearchPath = existing.has("public") || !asked.includes("public")
    await engine.setSearchPath(wanted)
  }

  function describe(prepared: DuckDBPreparedStatement, plan: EnginePlan) {
    const types: WireType[] = []
    const names: string[] = []
    for (let i = 0; i < prepared.columnCount; i++) {
      types.push(wireTypeOf(prepared.columnType(i)))
      names.push(
        plan.columnNames?.length === prepared.columnCount
          ? (plan.columnNames[i] ?? "")
          : prepared.columnName(i),
      )
    }
    return { types, fields: fieldsOf(names, types) }
  }

  function portalOf(
    prepared: DuckDBPreparedStatement,
    plan: EnginePlan,
    values: BoundValue[],
    formats: Format[],
  ): Portal {
    const described = returnsRows(prepared, plan) ? describe(prepared, plan) : undefined
    const portal: EnginePortal = enginePortal(
      {
        start: async () => {
          startStatement()
          await transaction.ensure()
          await engine.claim(portal)
          return engine.call(
            async () => {
              await bindParameters(engine, prepared, values)
              return prepared.stream()
            },
            plan.positionsHold ? plan.sql : undefined,
          )
        },
        fetch: async (result) => {
          const chunk = await engine.call(() => result.fetchChunk())
          // At its end a result gives an empty chunk, or none.
          return chunk && chunk.rowCount > 0 ? chunk : null
        },
        finished: () => engine.release(portal),
      },
      plan.verb === "EXPLAIN" ? undefined : described,
      formats,
      (sent, changed) => commandTag(plan.verb, sent, changed, described !== undefined),
    )
    return portal
  }

  function startStatement(): void {
    engine.beginStatement(durationMs(settings.get("statement_timeout") ?? "0") ?? 0)
  }

  async function prepareDescribed(plan: EnginePlan, declared: number[]): Promise<DuckDBPreparedStatement> {
    const prepared = await engine.prepare(plan.sql, plan.positionsHold ? plan.sql : undefined)
    const untyped = untypedParameters(prepared)
    if (untyped.length === 0 || !plan.tree) return prepared
    prepared.destroySync()
    return prepareTyped(parts.plan.parser, plan.tree, untyped, declared, (sql) =>
      engine.prepare(sql, undefined),
    )
  }

  async function prepareEngine(plan: EnginePlan, declared: number[]): Promise<Prepared> {
    transaction.assertUsable()
    await engine.claim(undefined)
    const prepared = await prepareDescribed(plan, declared)
    if (!isExpected(prepared.statementType, plan)) {
      prepared.destroySync()
      throw new PgError("0A000", "this kind of statement is not supported")
    }
    const parameters = parametersOf(prepared, declared)
    const fields = returnsRows(prepared, plan) ? describe(prepared, plan).fields : undefined
    return {
      parameterOids: parameters.map(({ oid }) => oid),
      fields: plan.verb === "EXPLAIN" ? explainFields : fields,
      bind: async (values, formats, resultFormats) => {
        transaction.assertUsable()
        const bound = readAll(parameters, values, formats)
        if (plan.verb === "EXPLAIN") {
          return explainPortal(async () => {
            startStatement()
            await transaction.ensure()
            await engine.claim(undefined)
            return engine.call(async () => {
              await bindParameters(engine, prepared, bound)
              return (await prepared.run()).getRows()
            })
          })
        }
        return portalOf(prepared, plan, bound, resultFormats)
      },
      close: () => prepared.destroySync(),
    }
  }

  function prepareCommand(command: SessionCommand): Prepared {
    const fields = answerFields(command)
    const context = { settings, transaction, applySearchPath, localValues }
    return {
      parameterOids: [],
      fields,
      bind: async () => fixedPortal(fields, () => runCommand(() => answer(command, context))),
      close: () => undefined,
    }
  }

  function prepareDatabaseCommand(command: DatabaseCommand): Prepared {
    const run = () => runDatabaseCommand(command, parts.administration, transaction)
    return {
      parameterOids: [],
      fields: undefined,
      bind: async () =>
        fixedPortal(undefined, () => runCommand(async () => ({ rows: [], tag: await run() }))),
      close: () => undefined,
    }
  }

  async function runCommand<T>(run: () => Promise<T>): Promise<T> {
    await engine.claim(undefined)
    return run()
  }

  async function prepare(sql: string, declared: number[]): Promise<Prepared> {
    startStatement()
    if (!hasSearchPath) await applySearchPath()
    const plan = await planOne(sql)
    if (plan === undefined) return emptyPrepared
    switch (plan.kind) {
      case "session":
        return prepareCommand(plan.command)
      case "database":
        return prepareDatabaseCommand(plan.command)
      case "engine":
        return prepareEngine(plan, declared)
      default:
        return unreachable(plan)
    }
  }

  async function planOne(sql: string): Promise<Plan | undefined> {
    const [statement, more] = splitStatements(sql)
    if (statement === undefined) return undefined
    if (more !== undefined)
      throw new PgError("42601", "cannot insert multiple commands into a prepared statement")
    return planStatement(statement, parts.plan)
  }

  return {
    parameters: () => settings.reported(),
    takeChangedParameters: () => settings.takeChanged(),
    split: splitStatements,
    prepare,
    endBatch: async (failed) => {
      engine.endStatement()
      if (failed) await transaction.fail()
      else await transaction.endImplicit(false)
    },
    status: () => transaction.status(),
    cancel: () => engine.cancel(),
    asPgError: (error) => {
      const shown = engineError(error)
      if (shown.code === "XX000") parts.onInternalError(error)
      return shown
    },
    close: async () => {
      engine.close()
      parts.onClose()
    },
  }
}
