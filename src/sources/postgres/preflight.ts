import { randomUUID } from "node:crypto"
import type pg from "pg"
import type { TableSchema } from "../../domain/table.ts"
import type { Finding, TableSelection } from "../../replication/contracts/source.ts"
import { readCatalog } from "./catalog/catalog.ts"
import { applicationName, quoteIdentifier } from "./client.ts"
import { letPublicationsPass, raiserOf } from "./errors.ts"

interface Facts {
  version: number
  version_text: string
  wal_level: string
  slots_max: number
  slots_used: number
  senders_max: number
  senders_used: number
  keep_mb: number
  in_recovery: boolean
  standby_names: string
  encoding: string
  fsync: string
  full_page_writes: string
  role: string
  may_replicate: boolean
  may_create: boolean
  database: string
}

const factsQuery = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text,
  current_setting('wal_level') as wal_level,
  current_setting('max_replication_slots')::int as slots_max, (select count(*)::int from pg_replication_slots) as slots_used,
  current_setting('max_wal_senders')::int as senders_max, (select count(*)::int from pg_stat_replication) as senders_used,
  coalesce((select setting::bigint from pg_settings where name = 'max_slot_wal_keep_size'), -1)::int as keep_mb,
  pg_is_in_recovery() as in_recovery, current_setting('synchronous_standby_names') as standby_names, current_setting('server_encoding') as encoding,
  current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
  current_user::text as role, current_database()::text as database,
  (select rolsuper or rolreplication or exists (select from pg_roles r where r.rolname = 'rds_replication' and pg_has_role(r.oid, 'USAGE'))
     from pg_roles where rolname = current_user) as may_replicate,
  has_database_privilege(current_database(), 'CREATE') as may_create`

// pgoutput and the old slot syntax are the same since 10; block-range reads are quick since 14.
const oldestVersion = 130000

/** Everything a copy and a stream need, each with the statement that mends it. Changes nothing. */
export async function inspect(
  client: pg.Client,
  select: TableSelection,
  acceptInvalidText = false,
): Promise<Finding[]> {
  const { rows } = await client.query<Facts>(factsQuery)
  const [facts] = rows
  if (facts === undefined) return []
  return [
    ...settingFindings(facts, acceptInvalidText),
    ...durabilityFindings(facts),
    ...roleFindings(facts),
    ...(facts.may_create && !facts.in_recovery ? await triggerFindings(client) : []),
    ...(await tableFindings(client, facts, select)),
  ]
}

function settingFindings(facts: Facts, acceptInvalidText: boolean): Finding[] {
  const findings: Finding[] = []
  const error = (what: string, remedy: string) =>
    findings.push({ severity: "error", concerns: "source", what, remedy })
  if (facts.version < oldestVersion)
    error(`PostgreSQL ${facts.version_text} is too old.`, "Upgrade to version 13 or later.")
  if (facts.in_recovery) error("The server is a standby.", "Name the primary in the source's url.")
  if (facts.wal_level !== "logical") {
    error(
      `wal_level is ${facts.wal_level}.`,
      "ALTER SYSTEM SET wal_level = 'logical'; then restart the server (on RDS: rds.logical_replication = 1).",
    )
  }
  if (facts.slots_used >= facts.slots_max) {
    error(
      `All ${facts.slots_max} replication slots are taken.`,
      `ALTER SYSTEM SET max_replication_slots = ${facts.slots_max + 10}; then restart, or drop an unused slot.`,
    )
  }
  // A snapshot and its stream need one sender at a time.
  if (facts.senders_used >= facts.senders_max) {
    error(
      `All ${facts.senders_max} WAL senders are taken.`,
      `ALTER SYSTEM SET max_wal_senders = ${facts.senders_max + 10}; then restart the server.`,
    )
  }
  if (commitsWaitForUs(facts.standby_names))
    error(
      `synchronous_standby_names is ${facts.standby_names}: Millrace would count as a standby, and every commit would wait for it.`,
      "ALTER SYSTEM SET synchronous_standby_names = '…'; with the application_name of each standby; then SELECT pg_reload_conf();",
    )
  if (facts.encoding === "SQL_ASCII" && !acceptInvalidText) {
    findings.push({
      severity: "warning",
      concerns: "source",
      what: "The database's encoding is SQL_ASCII: a table with text that is not UTF-8 is not replicated.",
      remedy:
        "Where question marks may stand for such bytes: ALTER DATABASE … INTEGRATION SET ACCEPTINVCHARS TRUE on the SQL port.",
    })
  }
  if (facts.keep_mb >= 0 && facts.keep_mb < 1024) {
    findings.push({
      severity: "warning",
      concerns: "source",
      what: `max_slot_wal_keep_size is ${facts.keep_mb} MB: a short outage of Millrace may cost a full copy.`,
      remedy: "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf();",
    })
  }
  return findings
}

/**
 * What a crash of the server's machine does to what is here already. `synchronous_commit` is of no concern: the stream has
 * only what is in the log on disk.
 */
function durabilityFindings({ fsync, full_page_writes }: Facts): Finding[] {
  const findings: Finding[] = []
  const off = (name: string, consequence: string) =>
    findings.push({
      severity: "warning",
      concerns: "source",
      what: `${name} is off: ${consequence}`,
      remedy: `ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf();`,
    })
  if (fsync === "off")
    off(
      "fsync",
      "a crash of the server's machine may take changes back that are here already, or damage rows. A server that comes back in an earlier state is resynced; damage only `millrace verify` finds.",
    )
  else if (full_page_writes === "off")
    off(
      "full_page_writes",
      "unless its storage never writes half a page (Aurora, ZFS), a crash of the server's machine may damage rows, which only `millrace verify` finds.",
    )
  return findings
}

/**
 * Whether the server counts our streams among the standbys that a commit waits for: the list (`FIRST 1 (a, b)`, `ANY 1 (*)`,
 * `a, b`) names everybody, or us.
 */
export function commitsWaitForUs(standbyNames: string): boolean {
  const list = standbyNames.replace(/^[^(]*\(/, "").replace(/\)[^)]*$/, "")
  const names = list.split(",").map((one) => one.trim().replaceAll('"', "").toLowerCase())
  return names.includes("*") || names.includes(applicationName)
}

function roleFindings(facts: Facts): Finding[] {
  const findings: Finding[] = []
  const role = quoteIdentifier(facts.role)
  if (!facts.may_replicate) {
    findings.push({
      severity: "error",
      concerns: "source",
      what: `Role ${facts.role} may not replicate.`,
      remedy: `ALTER ROLE ${role} REPLICATION; (on RDS: GRANT rds_replication TO ${role};)`,
    })
  }
  if (!facts.may_create) {
    const remedy = `GRANT CREATE ON DATABASE ${quoteIdentifier(facts.database)} TO ${role};`
    findings.push({
      severity: "error",
      concerns: "source",
      what: `Role ${facts.role} may not create a publication in ${facts.database}.`,
      remedy,
    })
  }
  return findings
}

/** Statements like those of a copy and of the guard, in a transaction that is rolled back. */
async function triggerFindings(client: pg.Client): Promise<Finding[]> {
  const { rows } = await client.query(
    "SELECT FROM pg_event_trigger WHERE evtenabled IN ('O', 'A') AND evtevent <> 'login' LIMIT 1",
  )
  if (rows.length === 0) return []
  const name = quoteIdentifier(`millrace_check_${randomUUID()}`)
  try {
    await client.query(
      `BEGIN; CREATE PUBLICATION ${name}; ALTER PUBLICATION ${name} SET (publish = 'insert'); COMMENT ON PUBLICATION ${name} IS ''; DROP PUBLICATION ${name}`,
    )
    return []
  } catch (error) {
    const raiser = raiserOf(error)
    if (raiser === undefined || !(error instanceof Error)) throw error
    const told = error.message.replace(/\.$/, "")
    const what = `An event trigger refuses our publications, by its function ${raiser}: ${told}.`
    return [{ severity: "error", concerns: "source", what, remedy: letPublicationsPass }]
  } finally {
    await client.query("ROLLBACK")
  }
}

async function tableFindings(client: pg.Client, facts: Facts, select: TableSelection): Promise<Finding[]> {
  const { tables, refused } = await readCatalog(client, select)
  const ids = [...tables.map((table) => table.schema.id), ...refused.map((table) => table.id)]
  const { rows } = await client.query<{
    id: string
    name: string
    owned: boolean
    readable: boolean
    guarded: boolean
  }>(
    `select oid::text as id, regexp_replace(oid::regclass::text, '^public[.]', '') as name, pg_has_role(relowner, 'USAGE') as owned,
       has_table_privilege(oid, 'SELECT') and has_schema_privilege(relnamespace, 'USAGE') as readable,
       row_security_active(oid) as guarded
     from pg_class where oid = any($1::oid[]) order by 1`,
    [ids],
  )
  const role = quoteIdentifier(facts.role)
  const findings: Finding[] = []
  for (const { name, owned, readable, guarded } of rows) {
    if (!readable)
      findings.push({
        severity: "error",
        concerns: "table",
        what: `Role ${facts.role} may not read ${name}.`,
        remedy: `GRANT SELECT ON ${name} TO ${role};`,
      })
    if (guarded)
      findings.push({
        severity: "error",
        concerns: "table",
        what: `Role ${facts.role} would see only a part of ${name}: row-level security.`,
        remedy: `ALTER ROLE ${role} BYPASSRLS; or ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY;`,
      })
    if (!owned) {
      findings.push({
        severity: "error",
        concerns: "table",
        what: `Role ${facts.role} may not publish ${name}: only its owner may.`,
        remedy: `ALTER TABLE ${name} OWNER TO ${role}; or GRANT the owning role TO ${role};`,
      })
    }
  }
  for (const { partitioned, leftOut, schema } of tables) {
    if (leftOut.length > 0) findings.push(generatedColumns(schema, leftOut))
    if (!partitioned) continue
    // PostgreSQL publishes what happens to rows through the root, and nothing of what happens to a whole partition.
    findings.push({
      severity: "warning",
      concerns: "table",
      what: `${schema.schema}.${schema.name} is partitioned: rows that come or go with a whole partition (TRUNCATE, DETACH, ATTACH or DROP of one) are not in the stream. It is resynced when that is noticed.`,
      remedy: `TRUNCATE or DELETE through ${schema.schema}.${schema.name} itself travels with the stream.`,
    })
  }
  const named = new Set(rows.filter((row) => !row.readable || row.guarded || !row.owned).map((row) => row.id))
  for (const { id, schema, name, reason } of refused) {
    if (named.has(id)) continue
    findings.push({
      severity: "warning",
      concerns: "table",
      what: `Table ${schema}.${name} will not be replicated.`,
      remedy: reason,
    })
  }
  return findings
}

function generatedColumns({ schema, name }: TableSchema, columns: string[]): Finding {
  return {
    severity: "warning",
    concerns: "table",
    what: `Generated columns of ${schema}.${name} do not arrive: ${columns.join(", ")}.`,
    remedy: "A view in the warehouse can compute them; stored ones arrive from PostgreSQL 18 on.",
  }
}
