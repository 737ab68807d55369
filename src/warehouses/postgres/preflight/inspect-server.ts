import type { Finding } from "../../../replication/contracts/source.ts"
import { connect, type Session } from "../client.ts"
import { problemOf } from "../errors.ts"
import type { PostgresWarehouseConfiguration } from "../format.ts"
import { quoteIdentifier } from "../quoting.ts"
import { readerRole } from "../render/routines.ts"
import { spaceFindings } from "./free-space.ts"

/** DROP DATABASE … WITH (FORCE) is of 13, multiranges are of 14: what is older is not tried. */
const oldestVersion = 140_000
/** Each pipeline keeps one connection, two more for each table that is copied, and some come and go. */
const wantedConnections = 10

const factsQuery = `SELECT current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(),
  (SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user),
  has_database_privilege(current_database(), 'CREATE'),
  (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
    OR EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${readerRole}'),
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  current_setting('max_connections'), pg_encoding_to_char((SELECT encoding FROM pg_database WHERE datname = current_database())),
  current_user, current_database(), (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user)`

interface Facts {
  version: number
  versionText: string
  isStandby: boolean
  mayMakeDatabases: boolean
  mayMakeSchemas: boolean
  hasReaders: boolean
  freeConnections: number
  connections: number
  encoding: string
  role: string
  database: string
  /** -1: any number. */
  roleConnections: number
}

/** What the server lacks for the layout, each with the statement that mends it. Changes nothing. */
export async function inspectServer({
  url,
  layout,
}: Pick<PostgresWarehouseConfiguration, "url" | "layout">): Promise<Finding[]> {
  let session: Session | undefined
  try {
    session = await connect(url)
    const facts = factsOf((await session.rows(factsQuery))[0] ?? [])
    return [
      ...serverFindings(facts),
      ...connectionFindings(facts),
      ...(layout === "databases" ? databaseFindings(facts) : schemaFindings(facts)),
      ...(await spaceFindings(session, url)),
    ]
  } catch (error) {
    return [
      found(
        "error",
        problemOf(error, "connecting").message,
        "Correct the warehouse's url, or start the server.",
      ),
    ]
  } finally {
    await session?.close()
  }
}

function factsOf(row: readonly (string | null)[]): Facts {
  const text = (index: number) => row[index] ?? ""
  const is = (index: number) => row[index] === "t"
  return {
    version: Number(text(0)),
    versionText: text(1),
    isStandby: is(2),
    mayMakeDatabases: is(3),
    mayMakeSchemas: is(4),
    hasReaders: is(5),
    freeConnections: Number(text(6)),
    connections: Number(text(7)),
    encoding: text(8),
    role: text(9),
    database: text(10),
    roleConnections: Number(text(11)),
  }
}

function serverFindings(facts: Facts): Finding[] {
  const { version, versionText, isStandby, hasReaders, role } = facts
  return [
    ...(version < oldestVersion
      ? [found("error", `PostgreSQL ${versionText} is too old.`, "Upgrade to version 14 or later.")]
      : []),
    ...(isStandby
      ? [found("error", "The server is a standby.", "Name the primary in the warehouse's url.")]
      : []),
    ...(hasReaders
      ? []
      : [
          found(
            "warning",
            `There is no role ${readerRole}, and role ${role} may not make it: nobody else may read the tables.`,
            `As a superuser: CREATE ROLE ${readerRole} NOLOGIN;`,
          ),
        ]),
  ]
}

function connectionFindings({ freeConnections, connections, roleConnections, role }: Facts): Finding[] {
  const need = `a pipeline that copies takes up to ${wantedConnections}.`
  return [
    ...(freeConnections < wantedConnections
      ? [
          found(
            "warning",
            `${freeConnections} of ${connections} connections are free; ${need}`,
            `ALTER SYSTEM SET max_connections = ${connections + 100}; then restart the server.`,
          ),
        ]
      : []),
    ...(roleConnections >= 0 && roleConnections < wantedConnections
      ? [
          found(
            "warning",
            `Role ${role} may have ${roleConnections} connections; ${need}`,
            `As a superuser: ALTER ROLE ${quoteIdentifier(role)} CONNECTION LIMIT -1;`,
          ),
        ]
      : []),
  ]
}

function databaseFindings({ mayMakeDatabases, role }: Facts): Finding[] {
  if (mayMakeDatabases) return []
  return [
    found(
      "error",
      `Role ${role} may not make databases.`,
      `As a superuser: ALTER ROLE ${quoteIdentifier(role)} CREATEDB; or set layout: schemas.`,
    ),
  ]
}

function schemaFindings({ mayMakeSchemas, encoding, role, database }: Facts): Finding[] {
  const names = { role: quoteIdentifier(role), database: quoteIdentifier(database) }
  return [
    ...(mayMakeSchemas
      ? []
      : [
          found(
            "error",
            `Role ${role} may not make schemas in database ${database}.`,
            `GRANT CREATE ON DATABASE ${names.database} TO ${names.role};`,
          ),
        ]),
    ...(encoding === "UTF8"
      ? []
      : [
          found(
            "error",
            `The encoding of database ${database} is ${encoding}, which lacks characters that sources have.`,
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0; and name that one in the warehouse's url.",
          ),
        ]),
  ]
}

function found(severity: Finding["severity"], what: string, remedy: string): Finding {
  return { severity, concerns: "source", what, remedy }
}
