import { isMember, sessionMark, userText } from "./expressions.ts"
import { identifier, literal } from "./names.ts"
import { hasOwners, managedSchemas, objectsVersion, type SetupPlan } from "./plan.ts"
import {
  impersonatedAccount,
  impersonationRoutineNames,
  impersonationTables,
} from "./postgres-impersonation.ts"
import { postgresPlace, procedures } from "./procedures.ts"

/**
 * The managed objects, made by the account that shall own them. Each statement may be repeated, also with another plan: what an
 * earlier one made becomes what this one says.
 */
export function managedObjects(plan: SetupPlan): string[] {
  // The port itself knows people and what they may see; an account, schemas and the mark of the set-up are all that is missing.
  if (!hasOwners(plan.dialect)) return [...schemas(plan), metadataTable]
  return [
    ...schemas(plan),
    ...tables(plan),
    ...views(plan),
    ...functions(plan),
    ...procedures(plan),
    ...rights(plan),
  ]
}

/** The row by which a payload is known again. */
export function fingerprintRows({ fingerprint }: SetupPlan): string[] {
  return [
    "DELETE FROM immuta_system.metadata WHERE k IN ('fingerprint', 'version')",
    `INSERT INTO immuta_system.metadata (k, v) VALUES ('fingerprint', ${literal(fingerprint)}), ('version', '${objectsVersion}')`,
  ]
}

function schemas({ dialect }: SetupPlan): string[] {
  const made = managedSchemas.map((name) => `CREATE SCHEMA IF NOT EXISTS ${name}`)
  // On PostgreSQL whoever connects may call a new procedure unless this is said first, and for all schemas at once.
  return dialect === "postgres"
    ? [...made, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC"]
    : made
}

const metadataTable =
  "CREATE TABLE IF NOT EXISTS immuta_system.metadata (k varchar(64) NOT NULL, v varchar(1024))"

/**
 * Where objects have no owner: what the account may do with them, each statement by itself. Elsewhere it may do everything.
 */
export function accountRights({ dialect, systemUser }: SetupPlan): string[] {
  if (hasOwners(dialect)) return []
  const user = identifier(systemUser)
  return [
    ...managedSchemas.map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO ${user}`),
    `GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA immuta_system TO ${user}`,
  ]
}

/** One row a fact: the dialects share no array type and no upsert. */
function tables({ dialect }: SetupPlan): string[] {
  const [time, now] = dialect === "postgres" ? ["timestamptz", "now()"] : ["timestamp", "getdate()"]
  const table = (name: string, columns: string) =>
    `CREATE TABLE IF NOT EXISTS immuta_system.${name} (${columns})`
  const wide = (limit: number) => (dialect === "postgres" ? "text" : `varchar(${limit})`)
  return [
    metadataTable,
    table(
      "profile",
      `username varchar(128) NOT NULL, display_user ${wide(1024)}, iam ${wide(256)}, active boolean NOT NULL, updated_at ${time} NOT NULL DEFAULT ${now}`,
    ),
    table(
      "entitlement",
      `username varchar(128) NOT NULL, kind varchar(16) NOT NULL, key ${wide(1024)} NOT NULL, value ${wide(2048)}`,
    ),
    ...(dialect === "postgres" ? [widened] : []),
    ...(dialect === "postgres"
      ? impersonationTables("immuta_system")
      : [
          table("impersonator", "username varchar(128) NOT NULL"),
          table(
            "impersonation",
            `session_username varchar(128) NOT NULL, pid integer NOT NULL, session_mark varchar(64) NOT NULL, target varchar(128) NOT NULL, expires_at ${time} NOT NULL`,
          ),
          table(
            "impersonation_event",
            `at ${time} NOT NULL, session_username varchar(128) NOT NULL, target varchar(128), action varchar(8) NOT NULL`,
          ),
        ]),
  ]
}

/** Of the first version: its columns were too short for some names and values. No view of a policy was on them. */
const widened = `DO $body$ BEGIN
  ALTER TABLE immuta_system.profile ALTER COLUMN updated_at SET DEFAULT now();
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = 'immuta_system.entitlement'::pg_catalog.regclass AND attname = 'value' AND atttypid <> 'text'::pg_catalog.regtype) THEN
    DROP VIEW IF EXISTS immuta_system.my_entitlements, immuta_system.user_profile;
    ALTER TABLE immuta_system.profile ALTER COLUMN display_user TYPE text, ALTER COLUMN iam TYPE text;
    ALTER TABLE immuta_system.entitlement ALTER COLUMN key TYPE text, ALTER COLUMN value TYPE text;
  END IF;
END $body$`

/**
 * `user_profile`: one row, the effective user; none for whoever has no active profile. `my_entitlements`: that user's. Both are
 * what every policy's view asks, and all that PUBLIC may read. On PostgreSQL the user is who has signed in: SET ROLE and functions
 * with their owner's rights make nobody another person.
 */
function views(plan: SetupPlan): string[] {
  const { dialect, impersonationRole: role } = plan
  const options = dialect === "postgres" ? " WITH (security_barrier = true)" : ""
  const user = dialect === "postgres" ? "session_user" : "current_user"
  const target = role === undefined ? "CAST(NULL AS varchar(128))" : targetOf(plan, role)
  return [
    `CREATE OR REPLACE VIEW immuta_system.user_profile${options} AS
  SELECT p.username, p.display_user, p.iam
  FROM immuta_system.profile p
  WHERE p.active AND p.username = COALESCE(${target}, ${userText(user)})`,
    `CREATE OR REPLACE VIEW immuta_system.my_entitlements${options} AS
  SELECT e.kind, e.key, e.value
  FROM immuta_system.entitlement e JOIN immuta_system.user_profile u ON e.username = u.username`,
  ]
}

/** Whom the session impersonates now; NULL: nobody. */
function targetOf(plan: SetupPlan, role: string): string {
  if (plan.dialect === "postgres") return impersonatedAccount(postgresPlace(plan))
  return `(SELECT i.target FROM immuta_system.impersonation i
      WHERE i.session_username = ${userText("current_user")} AND i.pid = pg_backend_pid() AND i.expires_at > getdate()
        AND i.session_mark = ${sessionMark}
        AND ${isMember(role, "current_user")})`
}

/** In plain SQL: what needs more is done by the views' own expressions. */
function functions({ dialect }: SetupPlan): string[] {
  const define = (name: string, types: string, [ofPostgres, ofRedshift]: readonly [string, string]) => {
    const [result] = types.split(", ")
    return dialect === "postgres"
      ? `CREATE OR REPLACE FUNCTION immuta_functions.${name}(${types}) RETURNS ${result} LANGUAGE sql IMMUTABLE SET search_path TO pg_catalog, pg_temp AS $body$ SELECT ${ofPostgres} $body$`
      : `CREATE OR REPLACE FUNCTION immuta_functions.${name}(${types}) RETURNS ${result} IMMUTABLE AS $body$ SELECT ${ofRedshift} $body$ LANGUAGE sql`
  }
  return [
    define("hash", "varchar, varchar", [
      "encode(sha256(convert_to($2 || $1, 'UTF8')), 'hex')::varchar",
      "SHA2($2 || $1, 256)",
    ]),
    define("mask_regex", "varchar, varchar, varchar", [
      "regexp_replace($1, $2, $3, 'g')::varchar",
      "REGEXP_REPLACE($1, $2, $3)",
    ]),
    define("trunc_number", "numeric, numeric", [
      "CASE WHEN $2 > 0 THEN floor($1 / $2) * $2 END",
      "CASE WHEN $2 > 0 THEN FLOOR($1 / $2) * $2 END",
    ]),
  ]
}

function rights({ dialect, impersonationRole: role }: SetupPlan): string[] {
  const schemaNames = managedSchemas.join(", ")
  return [
    `GRANT USAGE ON SCHEMA ${schemaNames} TO PUBLIC`,
    "REVOKE ALL ON ALL TABLES IN SCHEMA immuta_system FROM PUBLIC",
    "GRANT SELECT ON immuta_system.user_profile, immuta_system.my_entitlements TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA immuta_functions GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA immuta_functions TO PUBLIC",
    dialect === "postgres"
      ? "REVOKE ALL ON ALL ROUTINES IN SCHEMA immuta_procedures FROM PUBLIC"
      : "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA immuta_procedures FROM PUBLIC",
    ...(role === undefined ? [] : impersonationRights("GRANT", { dialect, role })),
  ]
}

export function impersonationRights(
  verb: "GRANT" | "REVOKE",
  { dialect, role }: { dialect: SetupPlan["dialect"]; role: string },
): string[] {
  const joined = verb === "GRANT" ? "TO" : "FROM"
  const routines =
    dialect === "postgres"
      ? impersonationRoutineNames("immuta_procedures")
      : ["PROCEDURE immuta_procedures.impersonate_user(varchar)"]
  return routines.map((one) => `${verb} EXECUTE ON ${one} ${joined} GROUP ${identifier(role)}`)
}
