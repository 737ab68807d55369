import { foldersOfOthers } from "../configuration/trust/private-folder.ts"
import type { StatusReport } from "../control-plane/pipelines/status.ts"
import type { Configuration, SourceConfiguration, WarehouseConfiguration } from "../domain/configuration.ts"
import { Problem, reportOf } from "../domain/problems.ts"
import { plainLine, plainLines } from "../domain/text-forms/plain-text.ts"
import type { Finding } from "../replication/contracts/source.ts"
import { engines } from "../server/registries.ts"
import { operationsAccess } from "./asking/operations-request.ts"
import { configured } from "./configured.ts"
import { print } from "./output.ts"
import { abandonedAt, type Ownership, ownershipOf } from "./remains/abandoned.ts"
import { placeOf } from "./status/pipeline-owner.ts"
import { requestStatus } from "./status/status-request.ts"

/** Looks at the configuration and every source, and says what is wrong and the statement that mends it. Changes nothing. */
export async function check(configPath: string | undefined): Promise<0 | 1 | 2> {
  const configuration = configured(configPath)
  if (configuration === undefined) return 2
  const folders = plainLines(foldersOfOthers(configuration))
  print(`configuration: ${folders.length === 0 ? "ok" : `${folders.length} to mend`}\n`)
  for (const folder of folders) print(`  error: ${folder}\n`)
  let failed = folders.length > 0
  const status = await statusOf(configuration)
  const ownership = ownershipOf(status)
  for (const source of configuration.sources) {
    const findings = plainLines(await findingsOf(source, configuration.region, ownership))
    failed = !printFindings(`source ${source.arn}`, findings) || failed
  }
  for (const warehouse of configuration.warehouses) failed = !(await warehouseIsWell(warehouse)) || failed
  printPipelines(status)
  if (configuration.sources.length === 0)
    print("no sources configured: add some under `sources:` in millrace.yaml\n")
  return failed ? 1 : 0
}

/** The report of the Millrace that runs here, or why there is none. */
async function statusOf(configuration: Configuration): Promise<StatusReport | string> {
  const access = await operationsAccess(configuration, "read-only")
  return typeof access === "string" ? access : await requestStatus(access)
}

/** Where each runs, and why there. */
function printPipelines(given: StatusReport | string): void {
  if (typeof given === "string") {
    print(`pipelines: where they run is not known: ${plainLine(given)}\n`)
    return
  }
  const { integrations } = plainLines(given)
  print(`pipelines: ${integrations.flatMap(({ pipelines }) => pipelines).length}\n`)
  for (const { name, pipelines } of integrations)
    for (const one of pipelines)
      print(`  ${name}: ${one.sourceDatabase} → ${one.destinationDatabase}: ${placeOf(one)}\n`)
}

async function warehouseIsWell(warehouse: WarehouseConfiguration): Promise<boolean> {
  const engine = engines.warehouses.of(warehouse)
  const isWell = printFindings(`warehouse ${warehouse.arn}`, plainLines(await engine.preflight(warehouse)))
  if (engine.isMovable === undefined)
    print(
      "  its rows are in files of this host: its pipelines, their spools and its SQL port run here only\n",
    )
  return isWell
}

/** Answers whether nothing has to be mended. */
function printFindings(of: string, findings: readonly Finding[]): boolean {
  const errors = findings.filter((finding) => finding.severity === "error")
  print(`${of}: ${errors.length === 0 ? "ok" : `${errors.length} to mend`}\n`)
  for (const finding of findings) print(`  ${finding.severity}: ${finding.what}\n    ${finding.remedy}\n`)
  return errors.length === 0
}

async function findingsOf(
  source: SourceConfiguration,
  region: string,
  ownership: Ownership,
): Promise<Finding[]> {
  try {
    const engine = engines.sources.of(source)
    if (engine.delivery === "files") return await (await engine.load()).preflight(source, region)
    const options = {
      database: engine.checkedDatabase(source),
      acceptInvalidText: false,
      nativeTypes: false,
    }
    const opened = (await engine.load()).open(source, options)
    const findings = await opened.preflight(() => true)
    return [...findings, ...(await abandonedAt(opened, ownership))]
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return [
      {
        severity: "error",
        concerns: "source",
        what: error.message,
        remedy: reportOf(error).message.slice(error.message.length + 1),
      },
    ]
  }
}
