import { foldersOfOthers } from "../configuration/trust/private-folder.ts"
import {
  type DatabaseSource,
  isDatabaseSource,
  type SourceConfiguration,
  type WarehouseConfiguration,
} from "../domain/configuration.ts"
import { Problem, reportOf } from "../domain/problems.ts"
import { plainLines } from "../domain/text-forms/plain-text.ts"
import { installDialect } from "../query/duckdb/dialect/macros.ts"
import type { Finding } from "../replication/contracts/source.ts"
import { openSource } from "../server/launcher.ts"
import { bucketFindings } from "../sources/s3/preflight.ts"
import { unopenedIn } from "../warehouses/duckdb/files/folder-check.ts"
import { abandonedAt, type Ownership, ownershipOf } from "./abandoned.ts"
import { configured } from "./configured.ts"
import { print } from "./output.ts"

/** Looks at the configuration and every source, and says what is wrong and the statement that mends it. Changes nothing. */
export async function check(configPath: string | undefined): Promise<0 | 1 | 2> {
  const configuration = configured(configPath)
  if (configuration === undefined) return 2
  const folders = plainLines(foldersOfOthers(configuration))
  print(`configuration: ${folders.length === 0 ? "ok" : `${folders.length} to mend`}\n`)
  for (const folder of folders) print(`  error: ${folder}\n`)
  let failed = folders.length > 0
  const ownership = await ownershipOf(configuration)
  for (const source of configuration.sources) {
    const findings = plainLines(await findingsOf(source, configuration.region, ownership))
    const errors = findings.filter((finding) => finding.severity === "error")
    failed ||= errors.length > 0
    print(`source ${source.arn}: ${errors.length === 0 ? "ok" : `${errors.length} to mend`}\n`)
    for (const finding of findings) print(`  ${finding.severity}: ${finding.what}\n    ${finding.remedy}\n`)
  }
  for (const warehouse of configuration.warehouses) failed = !(await warehouseIsWell(warehouse)) || failed
  if (configuration.sources.length === 0)
    print("no sources configured: add some under `sources:` in millrace.yaml\n")
  return failed ? 1 : 0
}

async function warehouseIsWell({ arn, path }: WarehouseConfiguration): Promise<boolean> {
  const unopened = plainLines(await unopenedIn(path, installDialect))
  print(`warehouse ${arn}: ${unopened.length === 0 ? "ok" : `${unopened.length} to mend`}\n`)
  for (const { name, reason, remedy } of unopened)
    print(`  error: database ${name} cannot be opened: ${reason}\n    ${remedy}\n`)
  return unopened.length === 0
}

async function findingsOf(
  source: SourceConfiguration,
  region: string,
  ownership: Ownership,
): Promise<Finding[]> {
  const database = isDatabaseSource(source) ? databaseOf(source) : ""
  try {
    if (source.engine === "s3") return await bucketFindings(source, region)
    const findings = await openSource(source, database).preflight(() => true)
    return [...findings, ...(await abandonedAt(source, database, ownership))]
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

function databaseOf({ url }: DatabaseSource): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || "postgres"
}
