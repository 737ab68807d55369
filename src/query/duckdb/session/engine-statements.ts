import type { DuckDBPreparedStatement } from "@duckdb/node-api"
import type { GuardedTable } from "../../../control-plane/databases/guarded-tables.ts"
import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Format, Prepared } from "../../../wire/pgwire/session.ts"
import type { GovernedTables } from "../../governed-tables.ts"
import { settingChanges } from "../catalog/set-config.ts"
import type { SqlParser } from "../dialect/syntax-tree.ts"
import { policiesChanged, policyCheck } from "../governance/policy-check.ts"
import type { EnginePrepared } from "../portals/cursors.ts"
import { type EnginePortal, enginePortal } from "../portals/engine-portal.ts"
import { explainFields, explainPortal } from "../portals/explain-portal.ts"
import { refuseUnsynced } from "../rights/read-states.ts"
import type { NamePlace } from "../rights/relation-names.ts"
import { requireStill } from "../rights/restricted-select.ts"
import { readOnlyDatabase } from "../rights/write-guard.ts"
import { bindParameters } from "../values/bind-parameters.ts"
import { type BoundValue, parametersOf, readParameters } from "../values/parameters.ts"
import type { ZoneOffset } from "../values/time-zones.ts"
import {
  isUndescribed,
  prepareTyped,
  prepareWithSamples,
  type Settled,
  settleTypes,
  undescribed,
  untypedParameters,
} from "../values/untyped-parameters.ts"
import { explainedValues, virtualValues } from "../virtual/virtual-reads.ts"
import type { DefinitionFiles } from "./definition-files.ts"
import type { EngineSession } from "./engine-session.ts"
import { failureOf } from "./failure-of-rows.ts"
import { durationMs, intervalStyleOf, type SessionSettings } from "./settings.ts"
import {
  commandTag,
  type Described,
  describeColumns,
  type EnginePlan,
  guessedColumns,
  refusalOf,
  returnsRows,
} from "./statement-kinds.ts"

/** It changes the catalog, of which the engine cannot replay everything from its log. */
function isDefinition({ verb, isOnTemporary }: EnginePlan): boolean {
  return isOnTemporary !== true && /^(CREATE|ALTER|DROP) /.test(verb)
}

/** What planned statements need of their session. */
export interface EngineStatementContext {
  engine: EngineSession
  settings: SessionSettings
  parser: SqlParser
  place(): NamePlace
  zone(): ZoneOffset
  /** What the user may do now. */
  access(): Promise<SqlAccess>
  user: string
  /** SET, or SET LOCAL. Throws PgError. */
  change(setting: { name: string; value: string; isLocal: boolean }): Promise<void>
  /** Moves what the engine cannot replay from its log into the database's file. */
  files: DefinitionFiles
  /** How many definitions have changed so far, in all databases: what is a table may have become a view. */
  definitions(): number
  /** Tables that can be read only when they are in step. */
  guarded(): readonly GuardedTable[]
  governed: GovernedTables
  isReplicated(database: string): boolean
  /** No statement runs longer, whatever the session has set; 0: as the session has set. */
  timeoutAtMostMs(): number
}

/** undefined: it has no rows. */
async function describe(
  { engine, parser }: Pick<EngineStatementContext, "engine" | "parser">,
  prepared: DuckDBPreparedStatement,
  plan: EnginePlan,
  oids: number[],
): Promise<Described | undefined> {
  if (!isUndescribed(prepared))
    return returnsRows(prepared, plan) ? describeColumns(prepared, plan) : undefined
  // A change without a tree: what it returns cannot be told, if it returns something.
  if (!plan.tree && plan.writesIn !== undefined && !/\breturning\b/i.test(plan.sql)) return undefined
  if (!plan.tree) throw undescribed()
  const { isVeiled } = plan
  const like = await prepareWithSamples(parser, plan.tree, oids, (sql) => engine.prepare(sql, { isVeiled }))
  try {
    return guessedColumns(like, plan)
  } finally {
    like.destroySync()
  }
}

/** A statement with parameters that the engine cannot type, prepared again with their types written out. */
async function typedAnew(
  { engine, parser }: Pick<EngineStatementContext, "engine" | "parser">,
  { isVeiled, virtual }: EnginePlan,
  declared: number[],
  first: Settled,
): Promise<DuckDBPreparedStatement> {
  const prepare = (sql: string) => engine.prepare(sql, { isVeiled })
  const settled = await settleTypes(first, virtual.length, parser, prepare)
  if (settled.untyped.length === 0) return settled.prepared
  settled.prepared.destroySync()
  return prepareTyped(parser, settled.tree, settled.untyped, declared, prepare)
}

/** What was judged when it was prepared may read a view now, whose hidden rows no error may tell of. */
function planNow(plan: EnginePlan, definitionsThen: number, definitionsNow: number): EnginePlan {
  if (plan.needs === "superuser" || definitionsThen === definitionsNow) return plan
  return { ...plan, isVeiled: true }
}

function preparedBefore(): PgError {
  return new PgError("42501", "permission denied: what this statement explains may be a view by now", {
    hint: "Prepare it again.",
  })
}

interface KeptStatement {
  /** Throws 40001 once it is closed: it was planned anew since the portal was bound. */
  requireOpen(): void
  prepared: DuckDBPreparedStatement
  close(): void
}

function keptStatement(engine: EngineSession, prepared: DuckDBPreparedStatement): KeptStatement {
  let isClosed = false
  return {
    prepared,
    requireOpen: () => {
      if (isClosed) throw policiesChanged()
    },
    close: () => {
      isClosed = true
      engine.discard(prepared)
    },
  }
}

/** The values of an EXPLAIN, and what stands before its plan. With ANALYZE the statement runs, and so do the calls of its tables. */
async function explainedWith(
  { user, place, access }: EngineStatementContext,
  plan: EnginePlan,
  bound: BoundValue[],
  run: () => Promise<BoundValue[]>,
): Promise<{ all: BoundValue[]; lines: string[] }> {
  if (plan.virtual.length === 0) return { all: bound, lines: [] }
  const caller = { user, database: place().database, access: await access() }
  const { values, lines } = await explainedValues(plan.virtual, bound, caller)
  const isRun = plan.sql.startsWith("EXPLAIN ANALYZE ")
  return { all: isRun ? await run() : [...bound, ...values], lines }
}

/** Planned statements on their way through the engine. */
export interface EngineStatements {
  /** From here on the statement can be stopped, and its time counts. */
  start(): void
  query(plan: EnginePlan, declared: number[]): Promise<EnginePrepared>
  explain(plan: EnginePlan, declared: number[]): Promise<Prepared>
}

export function engineStatements(context: EngineStatementContext): EngineStatements {
  const { engine } = context
  const { transaction } = engine
  const policies = policyCheck({ ...context, ask: engine.ask })

  /** What was taken away since a statement was prepared is missed before it runs. */
  async function requireRights({ needs }: EnginePlan): Promise<void> {
    const access = await context.access()
    if (needs !== "superuser") requireStill(access, needs)
    else if (!access.isSuperuser) {
      throw new PgError("42501", "permission denied: this statement was prepared with rights that are gone")
    }
  }

  function portalOf(
    { prepared, requireOpen }: KeptStatement,
    plan: EnginePlan,
    values: BoundValue[],
    formats: Format[],
    described: Described | undefined,
  ): EnginePortal {
    const portal: EnginePortal = enginePortal(
      {
        start: async () => {
          start()
          requireOpen()
          policies.requireSame(plan.governed)
          beforeReading(plan)
          const bound = await withVirtual(plan, values)
          if (plan.writesIn !== undefined) transaction.assertWritable(plan.verb)
          if (plan.typeInSchema !== undefined)
            await context.files.hold(plan.typeInSchema, engine.ask, transaction.isExplicit())
          await (plan.isOnVersions ? transaction.ensureWriting() : transaction.ensure())
          await policies.requireTables(plan.governed)
          for (const change of settingChanges(plan.settingCalls, values)) await context.change(change)
          await engine.claim(portal)
          if (plan.writesIn !== undefined) await confine(plan, plan.writesIn)
          const result = await engine.call(
            async () => {
              await bindParameters(engine, prepared, bound)
              return prepared.stream()
            },
            plan.positionsHold ? plan.sql : undefined,
            plan.isVeiled,
          )
          if (plan.writesIn !== undefined) transaction.wrote()
          if (isDefinition(plan)) context.files.defined()
          return result
        },
        style: () => ({ zone: context.zone(), intervals: intervalStyleOf(context.settings) }),
        mayShow: () => policies.requireSame(plan.governed),
        fetch: async (result) => {
          const chunk = await engine.call(() => result.fetchChunk(), undefined, plan.isVeiled)
          if (chunk && chunk.rowCount > 0) return chunk
          // An empty chunk, or none: its end, or an error.
          if (engine.isAborted()) throw await failureOf(engine, plan, await withVirtual(plan, values))
          return null
        },
        finished: () => engine.release(portal),
      },
      described,
      formats,
      (sent, changed) => commandTag(plan.verb, sent, changed, described !== undefined),
    )
    return portal
  }

  /** Replication may have come to the database since the statement was planned. */
  async function confine({ verb, isOnVersions }: EnginePlan, database: string): Promise<void> {
    if (!isOnVersions && context.isReplicated(database)) throw readOnlyDatabase(verb, database)
    await engine.call(() => transaction.writeOnlyIn(database))
  }

  function beforeReading({ reads }: EnginePlan): void {
    refuseUnsynced(reads, context.place(), context.guarded)
  }

  /** The client's values, and the rows of the virtual tables that the statement reads, as they are now for its user. */
  async function withVirtual({ virtual }: EnginePlan, values: BoundValue[]): Promise<BoundValue[]> {
    if (virtual.length === 0) return values
    const { user, place, access } = context
    const caller = { user, database: place().database, access: await access() }
    // In turn, as calls into the engine: whoever has many sessions must not have all of them read at once.
    return [...values, ...(await engine.call(() => virtualValues(virtual, values, caller)))]
  }

  function start(): void {
    const asked = durationMs(context.settings.get("statement_timeout") ?? "0") ?? 0
    const limits = [asked, context.timeoutAtMostMs()].filter((ms) => ms > 0)
    engine.beginStatement(limits.length === 0 ? 0 : Math.min(...limits))
  }

  async function prepareDescribed(plan: EnginePlan, declared: number[]): Promise<DuckDBPreparedStatement> {
    const { isVeiled, sql } = plan
    const prepared = await engine.prepare(sql, { isVeiled, ...(plan.positionsHold && { shownSql: sql }) })
    const untyped = untypedParameters(prepared, plan.virtual.length)
    if (untyped.length === 0 || !plan.tree) return prepared
    return typedAnew(context, plan, declared, { tree: plan.tree, prepared, untyped })
  }

  async function prepareChecked(plan: EnginePlan, declared: number[]): Promise<DuckDBPreparedStatement> {
    transaction.assertUsable()
    await engine.claim(undefined)
    beforeReading(plan)
    // What is described and what is run must be one moment: a table may become another between the two.
    await transaction.ensure()
    const prepared = await prepareDescribed(plan, declared)
    const refusal = refusalOf(prepared, plan)
    if (refusal === undefined) return prepared
    prepared.destroySync()
    throw refusal
  }

  async function prepareQuery(plan: EnginePlan, declared: number[]): Promise<EnginePrepared> {
    const definitions = context.definitions()
    const prepared = await prepareChecked(plan, declared)
    const parameters = parametersOf(prepared, declared, plan.virtual.length)
    const parameterOids = parameters.map(({ oid }) => oid)
    const described = await describe(context, prepared, plan, parameterOids)
    const kept = keptStatement(engine, prepared)
    return {
      parameterOids,
      fields: described?.fields,
      isOutdated: () => !policies.isSame(plan.governed),
      bind: async (values, formats, resultFormats) => {
        transaction.assertUsable()
        await requireRights(plan)
        policies.requireSame(plan.governed)
        const bound = readParameters(parameters, values, formats)
        const now = planNow(plan, definitions, context.definitions())
        return portalOf(kept, now, bound, resultFormats, described)
      },
      close: kept.close,
    }
  }

  async function prepareExplain(plan: EnginePlan, declared: number[]): Promise<Prepared> {
    const definitions = context.definitions()
    const prepared = await prepareChecked(plan, declared)
    const parameters = parametersOf(prepared, declared, plan.virtual.length)
    return {
      parameterOids: parameters.map(({ oid }) => oid),
      fields: explainFields,
      bind: async (values, formats) => {
        transaction.assertUsable()
        await requireRights(plan)
        if (plan.needs.length > 0 && planNow(plan, definitions, context.definitions()).isVeiled)
          throw preparedBefore()
        const bound = readParameters(parameters, values, formats)
        return explainPortal(async () => {
          start()
          policies.requireSame(plan.governed)
          beforeReading(plan)
          const { all, lines } = await explainedWith(context, plan, bound, () => withVirtual(plan, bound))
          await transaction.ensure()
          await engine.claim(undefined)
          const run = async () => {
            await bindParameters(engine, prepared, all)
            return (await prepared.run()).getRows()
          }
          return { rows: await engine.call(run, undefined, plan.isVeiled), lines }
        })
      },
      close: () => engine.discard(prepared),
    }
  }

  return { start, query: prepareQuery, explain: prepareExplain }
}
