import { literal } from "./names.ts"

/** The setting that holds the mark of the impersonation that was begun in this session. */
export const sessionSetting = "millrace.impersonation"

/**
 * The mark of this session, by which a later session with the same process number is told from it. Whoever sets it to something else
 * ends the impersonation and gains nothing.
 */
export const sessionMark = `CAST(current_setting('${sessionSetting}', true) AS varchar(64))`

export function isMember(role: string, user: string): string {
  return `EXISTS (SELECT 1 FROM pg_catalog.pg_group g JOIN pg_catalog.pg_user u ON u.usesysid = ANY(g.grolist) WHERE g.groname = ${literal(role)} AND u.usename = ${user})`
}

/** A user of the session as a text: the type of names is another. */
export function userText(which: "current_user" | "session_user"): string {
  return `CAST(${which} AS varchar(128))`
}
