import { setTimeout as sleep } from "node:timers/promises"
import type { IntegrationReport, StatusReport } from "../../control-plane/pipelines/status.ts"
import { qualifiedName } from "../../domain/table.ts"
import type { OperationsAccess } from "../asking/operations-request.ts"
import { type ExitCode, failed, operating } from "../operate.ts"
import { clearScreen, print, printJson } from "../output.ts"
import { requestStatus } from "./status-request.ts"
import { describe } from "./status-text.ts"

/** Which parts of the report are shown. */
export interface StatusFilter {
  /** Name, id or ARN. */
  integration: string | undefined
  /** Of a table, or of an integration; in any case. */
  state: string | undefined
  /** `schema.table` */
  table: string | undefined
}

export interface StatusOptions extends StatusFilter {
  watch: boolean
  json: boolean
  config: string | undefined
}

const watchEveryMs = 2_000

/** Shows integrations, tables, rows and lag of the Millrace that runs here; 3 when something shown is not well. */
export async function status(options: StatusOptions): Promise<ExitCode> {
  return await operating(options.config, "read-only", async (access) => {
    if (!options.watch) return await showOnce(access, options)
    for (;;) {
      clearScreen()
      await showOnce(access, options)
      await sleep(watchEveryMs)
    }
  })
}

async function showOnce(access: OperationsAccess, options: StatusOptions): Promise<ExitCode> {
  const whole = await requestStatus(access)
  if (typeof whole === "string") return failed(whole)
  const report = filtered(whole, options)
  if (report.integrations.length === 0 && isFiltered(options)) return failed(nothingFits(whole, options))
  if (options.json) printJson(report)
  else print(describe(report))
  return isWell(report) ? 0 : 3
}

function isFiltered({ integration, state, table }: StatusFilter): boolean {
  return [integration, state, table].some((one) => one !== undefined)
}

function nothingFits({ integrations }: StatusReport, { integration }: StatusFilter): string {
  const isKnown = integrations.some((one) => isNamed(one, integration))
  return isKnown ? "nothing is in that state, or of that name." : `there is no integration ${integration}.`
}

/** What fits all that was asked for. An integration stays for its own status, or for a table that fits. */
export function filtered(report: StatusReport, filter: StatusFilter): StatusReport {
  if (!isFiltered(filter)) return report
  const named = report.integrations.filter((one) => isNamed(one, filter.integration))
  return { ...report, integrations: named.flatMap((one) => fitting(one, filter)) }
}

function isNamed({ id, arn, name }: IntegrationReport, given: string | undefined): boolean {
  return given === undefined || [id, arn, name].includes(given)
}

function fitting(integration: IntegrationReport, { state, table }: StatusFilter): IntegrationReport[] {
  if (state === undefined && table === undefined) return [integration]
  if (table === undefined && isState(integration.status, state)) return [integration]
  const pipelines = integration.pipelines
    .map((pipeline) => {
      const tables = pipeline.tables.filter(
        (one) => isState(one.state, state) && (table === undefined || qualifiedName(one) === table),
      )
      return { ...pipeline, tables }
    })
    .filter(({ tables }) => tables.length > 0)
  return pipelines.length === 0 ? [] : [{ ...integration, pipelines }]
}

function isState(one: string, wanted: string | undefined): boolean {
  return wanted === undefined || one.toLowerCase() === wanted.toLowerCase()
}

const unwellStatuses: readonly string[] = ["failed", "needs_attention"]

/**
 * Nothing in it waits for a person. A warehouse that nobody has reported on counts by its pipelines, which are unknown then: for the first
 * seconds after a start nobody has.
 */
export function isWell({ integrations, unopenedDatabases, engine }: StatusReport): boolean {
  if (unopenedDatabases.length > 0 || engine?.isUp === false) return false
  return integrations.every(
    ({ status, errors, pipelines }) =>
      errors.length === 0 &&
      !unwellStatuses.includes(status) &&
      pipelines.every(
        ({ phase, tables }) => phase !== "unknown" && tables.every(({ state }) => state !== "Failed"),
      ),
  )
}
