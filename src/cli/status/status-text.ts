import type { IntegrationReport, PipelineReport, StatusReport } from "../../control-plane/pipelines/status.ts"
import { plainLines } from "../../domain/text-forms/plain-text.ts"
import { runsAt, runsNowhere } from "./pipeline-owner.ts"

/** A report as people read it. */
export function describe(given: StatusReport): string {
  // Names and reasons are the sources' and the engine's: before any of them stands in a line of ours.
  const report = plainLines(given)
  const unopened = report.unopenedDatabases.map(
    ({ name, reason, remedy }) => `! database ${name} cannot be opened: ${reason}\n  ${remedy}\n`,
  )
  const unobserved = report.unobservedWarehouses.map(
    (arn) => `! warehouse ${arn}: the process that has it open has not reported; how it is, is not known\n`,
  )
  const direct = report.directWarehouses.map(
    ({ arn, engine, host, port }) => `warehouse ${arn}: ask ${engine} at ${host}:${port}\n`,
  )
  const head = [engineText(report), ...direct, ...unopened, ...unobserved].join("")
  if (report.integrations.length === 0) return `${head}no integrations\n`
  return `${head}${summary(report.integrations)}\n${report.integrations.map(describeIntegration).join("\n")}`
}

/** `3 integrations: 2 active, 1 needs_attention; 12 tables: 11 Synced, 1 Failed; lag up to 12 ms` */
function summary(integrations: readonly IntegrationReport[]): string {
  const pipelines = integrations.flatMap((one) => one.pipelines)
  const tables = pipelines.flatMap((one) => one.tables)
  const lags = pipelines.flatMap(({ lagMs }) => (lagMs === null ? [] : [lagMs]))
  const parts = [
    counted(
      "integration",
      integrations.map(({ status }) => status),
    ),
    ...(tables.length === 0
      ? []
      : [
          counted(
            "table",
            tables.map(({ state }) => state),
          ),
        ]),
    ...(lags.length === 0 ? [] : [`lag up to ${ms(Math.max(...lags))}`]),
  ]
  return `${parts.join("; ")}\n`
}

function counted(what: string, states: readonly string[]): string {
  const kinds = [...new Set(states)].sort()
  const parts = kinds.map((kind) => `${count(states.filter((one) => one === kind).length)} ${kind}`)
  return `${count(states.length)} ${what}${states.length === 1 ? "" : "s"}: ${parts.join(", ")}`
}

/** Nothing while no engine has ended: the usual case. */
function engineText({ engine }: StatusReport): string {
  if (engine === null) return ""
  const { isUp, replacements, lastEnd } = engine
  if (lastEnd === null) return isUp ? "" : "! the engine process is starting\n"
  const ended = `the one before ${lastEnd.reason}, at ${lastEnd.at.slice(0, 19)}Z`
  const times = replacements === 1 ? "once" : `${count(replacements)} times`
  return isUp
    ? `engine process replaced ${times}; ${ended}\n`
    : `! the engine process is away and another one is starting; ${ended}\n`
}

function describeIntegration(integration: IntegrationReport): string {
  const errors = integration.errors.map((error) => `  ! ${error.code}: ${error.message}\n`)
  const head = `${integration.name}  ${integration.status}  ${integration.arn}\n`
  const waiting = integration.waiting.map(
    (database) =>
      `  ${database}  moves nothing until, on the SQL port: CREATE DATABASE … FROM INTEGRATION '${integration.id}' DATABASE '${database}'\n`,
  )
  return head + errors.join("") + waiting.join("") + integration.pipelines.map(describePipeline).join("")
}

function describePipeline(pipeline: PipelineReport): string {
  if (pipeline.phase === "unknown") return unknownPipeline(pipeline)
  const lag = `lag ${ms(pipeline.lagMs)} (p50 ${ms(pipeline.lagP50Ms)}, p99 ${ms(pipeline.lagP99Ms)})`
  const head = `  ${pipeline.sourceDatabase} → ${pipeline.destinationDatabase}  ${pipeline.phase}  ${lag}  ${count(pipeline.totals.changes)} changes${pipeline.owner === null ? "" : `  ${runsAt(pipeline.owner)}`}\n`
  const names = pipeline.tables.map((table) => `${table.schema}.${table.name}`)
  const width = Math.max(...names.map((name) => name.length), 0)
  const lines = pipeline.tables.map((table, index) => {
    const rows = table.rows === null ? "?" : count(table.rows)
    const reason = table.reason === null ? "" : `  ${table.reason}`
    return `    ${(names[index] ?? "").padEnd(width)}  ${table.state.padEnd(15)} ${rows.padStart(13)} rows  lag ${ms(table.lagMs)}${verified(table)}${reason}\n`
  })
  return head + retained(pipeline.retention) + relieved(pipeline.relief) + lines.join("")
}

/** Nobody else may go on with one whose rows are in a file of a host that is away. */
function awayText({ owner }: PipelineReport): string {
  return owner === null || owner.isOwned ? "" : `    ${runsNowhere(owner)}\n`
}

function unknownPipeline(pipeline: PipelineReport): string {
  const { sourceDatabase, destinationDatabase, observedMsAgo, tables } = pipeline
  const head = `  ${sourceDatabase} → ${destinationDatabase}  unknown: nothing reported for ${lengthOf(observedMsAgo / 1_000)}\n`
  return (
    head +
    awayText(pipeline) +
    tables.map(({ schema, name, state }) => `    ${schema}.${name}  ${state}\n`).join("")
  )
}

function retained(retention: PipelineReport["retention"]): string {
  if (retention === null) return ""
  const { status, retainedBytes, budgetBytes, policy, safeBytes, bytesPerSecond, secondsToLoss } = retention
  const rate = bytesPerSecond === null ? "" : ` at ${bytes(bytesPerSecond)}/s`
  const loss = secondsToLoss === null ? "" : `, lost in ${lengthOf(secondsToLoss)}${rate} if nothing is read`
  const limit = safeBytes === null ? "without limit" : `${bytes(safeBytes)} to its limit${loss}`
  const budget = budgetBytes === null ? "" : `, budget ${bytes(budgetBytes)} (then: ${policy})`
  return `    the source keeps ${bytes(retainedBytes)} for us (${status})${budget}, ${limit}\n`
}

function relieved(relief: PipelineReport["relief"]): string {
  if (relief?.bytes == null || relief.limitBytes === null) return ""
  const full = relief.isFull ? ", full: the source keeps its log again" : ""
  return `    spool ${bytes(relief.bytes)} of ${bytes(relief.limitBytes)}${full}\n`
}

const byteUnits = ["B", "kB", "MB", "GB", "TB"]

function bytes(value: number): string {
  const power = Math.min(byteUnits.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  return `${(value / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${byteUnits[power]}`
}

/** Rounded down: better early than late. */
function lengthOf(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`
}

function verified({ verified }: PipelineReport["tables"][number]): string {
  if (verified === null) return ""
  const { at, position, differences } = verified
  const found = differences === 0 ? "verified" : `${count(differences)} rows differed`
  return `  ${found} at ${position}, ${at.slice(0, 19)}Z`
}

function ms(value: number | null): string {
  return value === null ? "-" : `${Math.round(value)} ms`
}

function count(value: number): string {
  return value.toLocaleString("en-US")
}
