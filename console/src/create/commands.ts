import type { Wanted } from "./calls.ts"

/** What makes the same integration by the AWS CLI. @param endpoint of this Millrace */
export function awsCommand(wanted: Wanted, endpoint: string): string {
  const { source, warehouse, name, dataFilter, description } = wanted
  const options = [
    ["--integration-name", name],
    ["--source-arn", source],
    ["--target-arn", warehouse],
    ["--data-filter", dataFilter],
    ["--description", description],
    ["--endpoint-url", endpoint],
  ]
  const lines = options.flatMap(([option, value]) =>
    value === undefined ? [] : [`  ${option} ${shellWord(value)}`],
  )
  return [`aws ${serviceOf(source)} create-integration`, ...lines].join(" \\\n")
}

/** The same on the SQL port. */
export function sqlStatement({ source, warehouse, name, dataFilter, description }: Wanted, region: string) {
  const columns = [
    ["IntegrationName", name],
    ["SourceArn", source],
    ["TargetArn", warehouse],
    ["DataFilter", dataFilter],
    ["Description", description],
    ["region", region],
  ].filter(([, value]) => value !== undefined)
  const names = columns.map(([column]) => column).join(", ")
  const values = columns.map(([, value = ""]) => `'${value.replaceAll("'", "''")}'`).join(",\n  ")
  return `INSERT INTO awscc.${serviceOf(source)}.integrations (${names})\nSELECT ${values}\nRETURNING Identifier, OperationStatus`
}

/** Which API makes integrations of a source. */
function serviceOf(sourceArn: string): "rds" | "redshift" {
  return sourceArn.split(":")[2] === "rds" ? "rds" : "redshift"
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
