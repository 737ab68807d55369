import { Problem } from "../../domain/problems.ts"
import type { Finding, TableSelection } from "../../replication/contracts/source.ts"
import { readCatalog } from "./catalog.ts"
import { type Client, quoteIdentifier } from "./client.ts"
import { errorNumber } from "./errors.ts"

/** binlog_row_metadata came with these. */
const oldest = { mariadb: [10, 5], mysql: [8, 0] } as const
const shortRetentionSeconds = 86_400

interface Facts {
  /** It repeats what another server did. */
  isReplica: boolean
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
  "log_slave_updates",
  "log_replica_updates",
  "sync_binlog",
  "innodb_flush_log_at_trx_commit",
]

async function readFacts(client: Client): Promise<Facts> {
  const names = wantedVariables.map((name) => `'${name}'`).join(", ")
  const rows = await client.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`)
  const [who] = await client.query("SELECT VERSION() AS version, CURRENT_USER() AS account")
  const grants = await client.query("SHOW GRANTS")
  const [user = "", host = ""] = (who?.account ?? "").split(/@(?=[^@]*$)/)
  return {
    isReplica: await isReplica(client),
    flavor: client.flavor,
    version: who?.version ?? "",
    variables: new Map(rows.map((row) => [row.Variable_name?.toLowerCase() ?? "", row.Value ?? ""])),
    grants: grants.flatMap((row) => Object.values(row)).join("\n"),
    account: `'${user}'@'${host}'`,
  }
}

// No right to ask; or a server that does not know the statement.
const mayNotAsk = new Set([1064, 1227])

async function isReplica(client: Client): Promise<boolean> {
  const { flavor } = client
  const statement = flavor === "mariadb" ? "SHOW ALL SLAVES STATUS" : "SHOW REPLICA STATUS"
  try {
    return (await client.query(statement)).length > 0
  } catch (error) {
    if (!mayNotAsk.has(errorNumber(error))) throw error
    if (flavor === "mysql") return false
    // Whoever may not ask sees at least how far it has come.
    const [row] = await client.query("SELECT @@global.gtid_slave_pos AS place")
    return (row?.place ?? "") !== ""
  }
}

function updatesSetting({ variables }: Pick<Facts, "variables">): string {
  return variables.has("log_replica_updates") ? "log_replica_updates" : "log_slave_updates"
}

function hidesReplicated(facts: Facts): boolean {
  return facts.isReplica && facts.variables.get(updatesSetting(facts)) === "OFF"
}

/** Whether rows change at the server of which its log tells nothing: a position in the log proves nothing then. */
export async function hidesChanges(client: Client): Promise<boolean> {
  return hidesReplicated(await readFacts(client))
}

/** What a stream cannot go without now; `undefined`: all is as it must be. */
export async function settingsProblem(client: Client): Promise<Problem | undefined> {
  const errors = settingFindings(await readFacts(client)).filter(({ severity }) => severity === "error")
  if (errors.length === 0) return undefined
  return new Problem("sourceSettings", errors.map(({ what, remedy }) => `${what} ${remedy}`).join(" "))
}

/** Everything a copy and a stream need, each with the statement that mends it. Changes nothing. */
export async function inspect(client: Client, select: TableSelection): Promise<Finding[]> {
  const facts = await readFacts(client)
  return [
    ...settingFindings(facts),
    ...retentionFindings(facts),
    ...durabilityFindings(facts),
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
  if (hidesReplicated(facts))
    error(
      `The server is a replica with ${updatesSetting(facts)} = OFF: what it receives from its own source is not in its log.`,
      `Start the server with ${updatesSetting(facts)} = ON, or replicate from its source.`,
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

const onlyVerify = "only `millrace verify` finds them"

/** What a crash does to what is here already, by value, and what becomes of that: docs/replication/sources.md. */
const durable: { name: string; safe: readonly string[]; consequence(value: string): string }[] = [
  {
    name: "sync_binlog",
    safe: ["1"],
    consequence: () =>
      `a crash of its machine may take changes from its log that are in its tables. Where they are here already, all is resynced; else ${onlyVerify}`,
  },
  {
    name: "innodb_flush_log_at_trx_commit",
    // MariaDB's 3 flushes as often as 1, and more.
    safe: ["1", "3"],
    consequence: (value) =>
      value === "0"
        ? "a crash may take changes from its tables that are in its log, and so here: all is resynced then"
        : `a crash of its machine may take changes from its tables that are in its log, and so here: ${onlyVerify}`,
  },
]

function durabilityFindings({ variables }: Facts): Finding[] {
  return durable.flatMap(({ name, safe, consequence }): Finding[] => {
    const value = variables.get(name)
    if (value === undefined || safe.includes(value)) return []
    return [
      {
        severity: "warning",
        concerns: "source",
        what: `${name} is ${value}: ${consequence(value)}.`,
        remedy: `SET GLOBAL ${name} = 1; and in the server's configuration.`,
      },
    ]
  })
}

function grantFindings(facts: Facts): Finding[] {
  const { flavor, grants, account } = facts
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
        ]
  const missing = wanted
    .filter(({ pattern }) => !pattern.test(grants))
    .map(
      ({ name }): Finding => ({
        severity: "error",
        concerns: "source",
        what: `User ${account} lacks the privilege ${name}.`,
        remedy: `GRANT ${name} ON *.* TO ${account};`,
      }),
    )
  return [...missing, ...lockFindings(facts)]
}

/** MariaDB says where in its log a snapshot lies; on MySQL tables are locked for milliseconds if need be. */
function lockFindings({ flavor, grants, account, variables }: Facts): Finding[] {
  if (flavor === "mariadb" || /LOCK TABLES|ALL PRIVILEGES/.test(grants)) return []
  const isNeeded = variables.get("gtid_mode") !== "ON"
  const why = isNeeded
    ? "a copy cannot begin while gtid_mode is not ON"
    : "a copy waits for a moment at which nothing is being committed, which a busy server may never have"
  return [
    {
      severity: isNeeded ? "error" : "warning",
      concerns: "source",
      what: `User ${account} lacks the privilege LOCK TABLES: ${why}.`,
      remedy: `GRANT LOCK TABLES ON *.* TO ${account};`,
    },
  ]
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
    // In a query of its own: the driver cannot make an object of a column called `__proto__`.
    await client.query(`SELECT count(*) AS readable FROM (SELECT * FROM ${place} LIMIT 0) AS columns_of_it`)
    return true
  } catch (error) {
    if (maySelectNothing.has(errorNumber(error))) return false
    throw error
  }
}
