/** Impersonation in a PostgreSQL: of a server that was set up by its host, and of a warehouse. */
import { sessionMark, sessionSetting, userText } from "./expressions.ts"
import { bodyText, literal } from "./names.ts"

export interface ImpersonationPlace {
  /** The schema of `profile`, `impersonation` and `impersonation_event`; quoted. */
  tables: string
  /** The schema of what people call; quoted. */
  routines: string
  /** The column of `profile` by which people are named. */
  calledBy: string
  /** Whether the user of this SQL expression may impersonate. */
  mayImpersonate(user: string): string
  /** Whom nobody may impersonate, besides those who may impersonate others; not quoted. */
  neverTarget?: string
  /** Nobody may. */
  isOff?: boolean
}

export function impersonationTables(tables: string): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${tables}.impersonator (username varchar(128) NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${tables}.impersonation (session_username varchar(128) NOT NULL, pid integer NOT NULL, session_mark varchar(64) NOT NULL, target varchar(128) NOT NULL, expires_at timestamptz NOT NULL)`,
    `ALTER TABLE ${tables}.impersonation ADD COLUMN IF NOT EXISTS begun_in bigint, ADD COLUMN IF NOT EXISTS is_confirmed boolean NOT NULL DEFAULT false`,
    `CREATE TABLE IF NOT EXISTS ${tables}.impersonation_event (at timestamptz NOT NULL, session_username varchar(128) NOT NULL, target varchar(128), action varchar(8) NOT NULL)`,
  ]
}

/**
 * The account whose eyes the session reads with; NULL: its own. Who loses the right loses it at once. The process number is not
 * asked: a view that does is read by one process only, however large its table.
 */
export function impersonatedAccount({ tables, mayImpersonate }: ImpersonationPlace): string {
  return `(SELECT i.target FROM ${tables}.impersonation i
      WHERE i.session_username = ${userText("session_user")} AND i.session_mark = ${sessionMark}
        AND i.is_confirmed AND i.expires_at > pg_catalog.now() AND ${mayImpersonate("session_user")})`
}

/**
 * `impersonate_user`, which people call. It counts only when the transaction that notes it has ended: who rolls a transaction
 * back leaves no note, and has seen nothing by it. So it is no part of a transaction of the caller's (2D000).
 */
export function impersonationRoutines(place: ImpersonationPlace): string[] {
  const { routines } = place
  const begin = `${routines}.begin_impersonation(target_name)`
  return [
    ofOwner(`${routines}.begin_impersonation(target_name varchar)`, place.isOff ? off : beginning(place)),
    ofOwner(`${routines}.confirm_impersonation()`, place.isOff ? off : confirming(place)),
    `CREATE OR REPLACE PROCEDURE ${routines}.impersonate_user(target_name varchar) LANGUAGE plpgsql SECURITY INVOKER AS ${bodyText(`
BEGIN
  PERFORM ${begin};
  IF target_name IS NULL THEN RETURN; END IF;
  COMMIT;
  PERFORM ${routines}.confirm_impersonation();
END;
`)}`,
  ]
}

/** What somebody needs who may call `impersonate_user`. */
export function impersonationRoutineNames(routines: string): string[] {
  return [
    `FUNCTION ${routines}.begin_impersonation(varchar)`,
    `FUNCTION ${routines}.confirm_impersonation()`,
    `PROCEDURE ${routines}.impersonate_user(varchar)`,
  ]
}

function ofOwner(signature: string, statements: readonly string[]): string {
  const body = `
DECLARE found varchar(128); matches integer; mark varchar(64);
BEGIN
${statements.map((one) => `  ${one}`).join("\n")}
END;
`
  return `CREATE OR REPLACE FUNCTION ${signature} RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO pg_catalog, pg_temp AS ${bodyText(body)}`
}

const off = ["RAISE EXCEPTION 'Impersonation is not enabled for this integration.';"]
const user = userText("session_user")

/** For 12 hours, in this session. Those who may impersonate cannot be impersonated: there are no chains. (Fact: its name and NULL, which ends it.) */
function beginning({ tables, calledBy, mayImpersonate, neverTarget }: ImpersonationPlace): string[] {
  const event = (target: string, action: "start" | "stop") =>
    `INSERT INTO ${tables}.impersonation_event (at, session_username, target, action) VALUES (now(), ${user}, ${target}, '${action}');`
  const refused = (message: string, argument: string) =>
    `RAISE EXCEPTION '${message}', ${argument} USING ERRCODE = '42501';`
  const never = neverTarget === undefined ? "" : `found = ${literal(neverTarget)} OR `
  return [
    `DELETE FROM ${tables}.impersonation i WHERE i.session_username = ${user} AND i.pid = pg_backend_pid()
    OR i.expires_at < now() OR NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = i.pid);`,
    `IF target_name IS NULL THEN ${event("NULL", "stop")} RETURN; END IF;`,
    `IF NOT ${mayImpersonate("session_user")} THEN ${refused("User % may not impersonate.", "session_user")} END IF;`,
    `SELECT count(*), min(p.username) INTO matches, found FROM ${tables}.profile p WHERE p.${calledBy} = target_name AND p.active;`,
    `IF matches = 0 THEN SELECT count(*), min(p.username) INTO matches, found FROM ${tables}.profile p WHERE p.username = lower(target_name) AND p.active; END IF;`,
    `IF matches <> 1 THEN ${refused("There is no active user %, or several.", "target_name")} END IF;`,
    `IF ${never}${mayImpersonate("found")} THEN ${refused("User % cannot be impersonated.", "target_name")} END IF;`,
    "mark := md5(random() || '/' || pg_backend_pid() || '/' || clock_timestamp());",
    `PERFORM set_config('${sessionSetting}', mark, false);`,
    `INSERT INTO ${tables}.impersonation (session_username, pid, session_mark, target, expires_at, begun_in)
    VALUES (${user}, pg_backend_pid(), mark, found, now() + interval '12 hours', txid_current());`,
    event("found", "start"),
  ]
}

/** Of an earlier transaction only: that one has ended, so its note stays. */
function confirming({ tables }: ImpersonationPlace): string[] {
  return [
    `UPDATE ${tables}.impersonation SET is_confirmed = true WHERE session_username = ${user} AND pid = pg_backend_pid() AND begun_in < txid_current();`,
  ]
}
