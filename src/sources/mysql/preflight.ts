import type { Finding, TableSelection } from "../../replication/source.ts"
import { readCatalog } from "./catalog.ts"
import { type Client, quoteIdentifier } from "./client.ts"

/** binlog_row_metadata came with these. */
const oldest = { mariadb: [10, 5], mysql: [8, 0] } as const
const shortRetentionSeconds = 86_400

interface Facts {
  flavor: Client["flavor"]
  version: string
  /** Names in lower case. */
  variables: Map<string, string>
  grants: string
  /** As GRANT wants it: `'app'@'%'`. */
  account: string
}

const wantedVariables = [
  "log_bin",
  "server_id",
  "binlog_format",
  "binlog_row_image",
  "binlog_row_metadata",
  "binlog_expire_logs_seconds",
  "gtid_mode",
]

async function readFacts(client: Client): Promise<Facts> {
  const names = wantedVariables.map((name) => `'${name}'`).join(", ")
  const rows = await client.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`)
  const [who] = await client.query("SELECT VERSION() AS version, CURRENT_USER() AS account")
  const grants = await client.query("SHOW GRANTS")
  const [user = "", host = ""] = (who?.account ?? "").split(/@(?=[^@]*$)/)
  return {
    flavor: client.flavor,
    version: who?.version ?? "",
    variables: new Map(rows.map((row) => [row.Variable_name?.toLowerCase() ?? "", row.Value ?? ""])),
    grants: grants.flatMap((row) => Object.values(row)).join("\n"),
    account: `'${user}'@'${host}'`,
  }
}

/** Everything a copy and a stream need, each with the statement that mends it. Changes nothing. */
export async function inspect(client: Client, select: TableSelection): Promise<Finding[]> {
  const facts = await readFacts(client)
  return [
    ...settingFindings(facts),
    ...retentionFindings(facts),
    ...grantFindings(facts),
    ...(await tableFindings(client, facts, select)),
  ]
}

function isTooOld({ flavor, version }: Facts): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10))
  const [leastMajor, leastMinor] = oldest[flavor]
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}

/** Settings that must have one value, and what to do where they have not. A server that lacks one is older or does not need it. */
const settings: { name: string; wanted: string; remedy: string }[] = [
  {
    name: "binlog_format",
    wanted: "ROW",
    remedy:
      "SET GLOBAL binlog_format = 'ROW'; and in the server's configuration. Sessions that are open keep the old one.",
  },
  {
    name: "binlog_row_image",
    wanted: "FULL",
    remedy: "SET GLOBAL binlog_row_image = 'FULL'; and in the server's configuration.",
  },
  {
    name: "binlog_row_metadata",
    wanted: "FULL",
    remedy: "SET GLOBAL binlog_row_metadata = 'FULL'; and in the server's configuration.",
  },
]

function settingFindings(facts: Facts): Finding[] {
  const findings: Finding[] = []
  const error = (what: string, remedy: string) =>
    findings.push({ severity: "error", concerns: "source", what, remedy })
  if (isTooOld(facts))
    error(`The server's version is ${facts.version}.`, "Upgrade to MariaDB 10.5 or MySQL 8.0 or later.")
  if (facts.variables.get("log_bin") !== "ON") {
    error(
      "log_bin is off: the server keeps no log of changes.",
      "Start the server with log_bin = mysql-bin and a server_id (on RDS: turn automated backups on).",
    )
    return findings
  }
  if (facts.variables.get("server_id") === "0")
    error(
      "server_id is 0: the server refuses replicas.",
      "SET GLOBAL server_id = 1; and in its configuration.",
    )
  for (const { name, wanted, remedy } of settings) {
    const value = facts.variables.get(name)
    if (value !== undefined && value.toUpperCase() !== wanted)
      error(`${name} is ${value === "" ? "empty" : value}.`, `${remedy} (On RDS: in the parameter group.)`)
  }
  if (facts.flavor === "mysql" && facts.variables.get("gtid_mode") !== "ON")
    findings.push({
      severity: "warning",
      concerns: "source",
      what: "gtid_mode is not ON: positions hold on this server only, and a failover to another costs a full copy.",
      remedy: "Turn on enforce_gtid_consistency and gtid_mode, step by step as the server's manual says.",
    })
  return findings
}

function retentionFindings({ variables }: Facts): Finding[] {
  const seconds = Number(variables.get("binlog_expire_logs_seconds") ?? 0)
  if (seconds === 0 || seconds >= shortRetentionSeconds) return []
  return [
    {
      severity: "warning",
      concerns: "source",
      what: `The server throws its log away after ${seconds} s: a longer outage of Millrace costs a full copy.`,
      remedy:
        "SET GLOBAL binlog_expire_logs_seconds = 604800; (on RDS: CALL mysql.rds_set_configuration('binlog retention hours', 168);)",
    },
  ]
}

function grantFindings({ flavor, grants, account }: Facts): Finding[] {
  if (/GRANT ALL PRIVILEGES ON \*\.\*/.test(grants)) return []
  const wanted =
    flavor === "mariadb"
      ? [
          { name: "REPLICATION SLAVE", pattern: /REPLICATION (SLAVE|REPLICA)(?! ADMIN)/ },
          { name: "BINLOG MONITOR", pattern: /BINLOG MONITOR|REPLICATION CLIENT/ },
        ]
      : [
          { name: "REPLICATION SLAVE", pattern: /REPLICATION SLAVE(?! ADMIN)/ },
          { name: "REPLICATION CLIENT", pattern: /REPLICATION CLIENT/ },
          { name: "RELOAD", pattern: /RELOAD/ },
        ]
  return wanted
    .filter(({ pattern }) => !pattern.test(grants))
    .map(({ name }) => ({
      severity: "error",
      concerns: "source",
      what: `User ${account} lacks the privilege ${name}.`,
      remedy: `GRANT ${name} ON *.* TO ${account};`,
    }))
}

const maySelectNothing = new Set([1142, 1143])

async function tableFindings(client: Client, { account }: Facts, select: TableSelection): Promise<Finding[]> {
  const { tables, refused } = await readCatalog(client, select)
  const findings: Finding[] = []
  for (const { schema } of tables) {
    const place = `${quoteIdentifier(schema.schema)}.${quoteIdentifier(schema.name)}`
    if (await isReadable(client, place)) continue
    findings.push({
      severity: "error",
      concerns: "table",
      what: `User ${account} may not read ${schema.schema}.${schema.name}.`,
      remedy: `GRANT SELECT ON ${place} TO ${account};`,
    })
  }
  for (const { schema, name, reason } of refused)
    findings.push({
      severity: "warning",
      concerns: "table",
      what: `Table ${schema}.${name} will not be replicated.`,
      remedy: reason,
    })
  return findings
}

async function isReadable(client: Client, place: string): Promise<boolean> {
  try {
    await client.query(`SELECT * FROM ${place} LIMIT 0`)
    return true
  } catch (error) {
    const errno = error instanceof Error && "errno" in error ? Number(error.errno) : 0
    if (maySelectNothing.has(errno)) return false
    throw error
  }
}
