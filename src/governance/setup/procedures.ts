import { isMember, sessionSetting, userText } from "./expressions.ts"
import { bodyText, identifier, literal } from "./names.ts"
import type { SetupPlan } from "./plan.ts"
import { type ImpersonationPlace, impersonationRoutines } from "./postgres-impersonation.ts"

/**
 * What the service calls, and `impersonate_user`, which members of the group call. Only that one runs with its owner's rights; it
 * finds its tables whatever the caller's search path is.
 */
export function procedures(plan: SetupPlan): string[] {
  return [
    define(
      plan,
      "upsert_profile(user_name varchar, shown_name varchar, directory varchar, is_active boolean)",
      [
        "DELETE FROM immuta_system.profile WHERE username = user_name;",
        `INSERT INTO immuta_system.profile (username, display_user, iam, active, updated_at) VALUES (user_name, shown_name, directory, is_active, ${now(plan)});`,
      ],
    ),
    define(plan, "delete_profile(user_name varchar)", [
      "DELETE FROM immuta_system.impersonation WHERE session_username = user_name OR target = user_name;",
      "DELETE FROM immuta_system.entitlement WHERE username = user_name;",
      "DELETE FROM immuta_system.profile WHERE username = user_name;",
    ]),
    define(plan, "create_view(schema_name varchar, view_name varchar, query varchar)", [
      `EXECUTE 'CREATE OR REPLACE VIEW ' || quote_ident(schema_name) || '.' || quote_ident(view_name) || ' AS ' || query${unbound(plan)};`,
    ]),
    define(plan, "drop_view(schema_name varchar, view_name varchar)", [
      "EXECUTE 'DROP VIEW IF EXISTS ' || quote_ident(schema_name) || '.' || quote_ident(view_name);",
    ]),
    ...impersonation(plan),
  ]
}

function now({ dialect }: SetupPlan): string {
  return dialect === "postgres" ? "now()" : "getdate()"
}

/** On Redshift tables of other databases can be read by late-binding views only. */
function unbound({ dialect }: SetupPlan): string {
  return dialect === "redshift" ? " || ' WITH NO SCHEMA BINDING'" : ""
}

const off = ["RAISE EXCEPTION 'Impersonation is not enabled for this integration.';"]

function impersonation(plan: SetupPlan): string[] {
  const role = plan.impersonationRole
  const group = (verb: "ADD" | "DROP") =>
    `EXECUTE ${literal(`ALTER GROUP ${identifier(role ?? "")} ${verb} USER `)} || quote_ident(user_name);`
  const forget = "DELETE FROM immuta_system.impersonator WHERE username = user_name;"
  return [
    ...(plan.dialect === "postgres" ? impersonationRoutines(postgresPlace(plan)) : [impersonateUser(plan)]),
    define(
      plan,
      "grant_impersonation(user_name varchar)",
      role === undefined
        ? off
        : [group("ADD"), forget, "INSERT INTO immuta_system.impersonator (username) VALUES (user_name);"],
    ),
    define(
      plan,
      "revoke_impersonation(user_name varchar)",
      role === undefined
        ? off
        : [
            group("DROP"),
            forget,
            "DELETE FROM immuta_system.impersonation WHERE session_username = user_name;",
          ],
    ),
  ]
}

export function postgresPlace({ systemUser, impersonationRole: role }: SetupPlan): ImpersonationPlace {
  return {
    tables: "immuta_system",
    routines: "immuta_procedures",
    calledBy: "display_user",
    mayImpersonate: (user) => (role === undefined ? "false" : isMember(role, user)),
    neverTarget: systemUser,
    isOff: role === undefined,
  }
}

function impersonateUser(plan: SetupPlan): string {
  const role = plan.impersonationRole
  return define(
    plan,
    "impersonate_user(target_name varchar)",
    role === undefined ? off : impersonate(plan, role),
    { declared: "found varchar(128); matches integer; mark varchar(64);", runsAs: "owner" },
  )
}

/** For 12 hours, in this session. Members may not be impersonated: there are no chains. (Fact: its name and NULL, which ends it.) */
function impersonate(plan: SetupPlan, role: string): string[] {
  const user = userText("session_user")
  const event = (target: string, action: "start" | "stop") =>
    `INSERT INTO immuta_system.impersonation_event (at, session_username, target, action) VALUES (${now(plan)}, ${user}, ${target}, '${action}');`
  return [
    `DELETE FROM immuta_system.impersonation WHERE session_username = ${user} AND pid = pg_backend_pid();`,
    `IF target_name IS NULL THEN ${event("NULL", "stop")} RETURN; END IF;`,
    `IF NOT ${isMember(role, "session_user")} THEN RAISE EXCEPTION 'User % may not impersonate.', session_user; END IF;`,
    "SELECT count(*), min(p.username) INTO matches, found FROM immuta_system.profile p WHERE p.display_user = target_name AND p.active;",
    "IF matches <> 1 THEN RAISE EXCEPTION 'There is no active user %.', target_name; END IF;",
    `IF found = ${literal(plan.systemUser)} OR ${isMember(role, "found")} THEN RAISE EXCEPTION 'User % cannot be impersonated.', target_name; END IF;`,
    `mark := md5(random() || '/' || pg_backend_pid() || '/' || ${now(plan)});`,
    `PERFORM set_config('${sessionSetting}', mark, false);`,
    `INSERT INTO immuta_system.impersonation (session_username, pid, session_mark, target, expires_at) VALUES (${user}, pg_backend_pid(), mark, found, ${now(plan)} + interval '12 hours');`,
    event("found", "start"),
  ]
}

interface Manner {
  declared?: string
  runsAs?: "caller" | "owner"
}

function define(
  { dialect }: SetupPlan,
  signature: string,
  statements: readonly string[],
  { declared, runsAs = "caller" }: Manner = {},
): string {
  const body = `${declared === undefined ? "" : `DECLARE ${declared}\n`}BEGIN\n${statements.map((one) => `  ${one}`).join("\n")}\nEND;`
  const path = "SET search_path TO pg_catalog, pg_temp"
  const rights = runsAs === "owner" ? `SECURITY DEFINER ${path}` : "SECURITY INVOKER"
  const head = `CREATE OR REPLACE PROCEDURE immuta_procedures.${signature}`
  switch (dialect) {
    case "postgres":
      return `${head} LANGUAGE plpgsql ${runsAs === "owner" ? rights : `${rights} ${path}`} AS ${bodyText(`\n${body}\n`)}`
    case "redshift":
      return `${head} AS ${bodyText(`\n${body}\n`)} LANGUAGE plpgsql ${rights}`
    case "millrace":
      throw new Error("the port has no procedures")
  }
}
