import type { WantedPeople } from "../../../engines/policy-server.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { Names } from "../naming.ts"
import { doBlock, quoteLiteral } from "../quoting.ts"
import { asRows, type GovernedPlace } from "./apply.ts"

interface Entitlement {
  username: string
  kind: "subscription" | "group" | "attribute" | "purpose"
  key: string
  value: string | null
}

const entitlementColumns = "username text, kind text, key text, value text"
/** Of a statement: a few megabytes. */
const rowsAtOnce = 10_000

const profileColumns = "username text, iam text, active boolean, display_user text"

/** Statements after which the tables of people hold what is wanted. */
export function peopleStatements({ names }: Pick<GovernedPlace, "names">, wanted: WantedPeople): string[] {
  switch (wanted.kind) {
    case "all":
      return everyone(names, wanted.people)
    case "changed":
      return some(names, wanted)
  }
}

/** Statements after which just these accounts may impersonate others by a permission of theirs. */
export function impersonatorStatements(
  { names, kind }: Pick<GovernedPlace, "names" | "kind">,
  accounts: readonly string[],
): string[] {
  const table = names.books("impersonator")
  const wanted = asRows(
    accounts.map((username) => ({ username })),
    "username text",
  )
  switch (kind) {
    case "warehouse":
      return [
        `DELETE FROM ${table} AS h WHERE NOT EXISTS (SELECT 1 FROM ${wanted} WHERE r.username = h.username)`,
        `INSERT INTO ${table} SELECT r.username FROM ${wanted} WHERE NOT EXISTS (SELECT 1 FROM ${table} AS h WHERE h.username = r.username)`,
      ]
    case "host":
      return [groupMembers(table, wanted)]
  }
}

/**
 * Where the set-up has made a group of those who may: members that others have added stay. A role that is not there yet
 * becomes one with the next change of people or policies; what the account may not do to the group hinders no policy.
 */
function groupMembers(table: string, wanted: string): string {
  const procedure = (verb: "grant" | "revoke") => `CALL immuta_procedures.${verb}_impersonation(one)`
  return doBlock(`DECLARE one text; BEGIN
      FOR one IN SELECT h.username FROM ${table} AS h WHERE NOT EXISTS (SELECT 1 FROM ${wanted} WHERE r.username = h.username) LOOP
        ${procedure("revoke")};
      END LOOP;
      FOR one IN SELECT r.username FROM ${wanted} JOIN pg_roles AS p ON p.rolname = r.username
        WHERE NOT EXISTS (SELECT 1 FROM ${table} AS h WHERE h.username = r.username) LOOP
        ${procedure("grant")};
      END LOOP;
    EXCEPTION WHEN insufficient_privilege OR undefined_object OR raise_exception THEN NULL;
    END`)
}

/** Only differences are written: most of the time there are none, and readers have the rows at hand. */
function everyone(names: Names, people: readonly Person[]): string[] {
  const [profile, entitlement] = [names.books("profile"), names.books("entitlement")]
  return [
    `CREATE TEMPORARY TABLE wanted_profile (${profileColumns}) ON COMMIT DROP`,
    `CREATE TEMPORARY TABLE wanted_entitlement (${entitlementColumns}) ON COMMIT DROP`,
    ...inserts("wanted_profile", people.map(profileOf), profileColumns),
    ...inserts("wanted_entitlement", people.flatMap(entitlementsOf), entitlementColumns),
    "ANALYZE wanted_profile, wanted_entitlement",
    difference(profile, "wanted_profile", namesIn(profileColumns)),
    difference(entitlement, "wanted_entitlement", "username, kind, key, value"),
    // Of tables that have just been filled the planner knows nothing, and reads all people's facts for each statement.
    `ANALYZE (SKIP_LOCKED) ${profile}, ${entitlement}`,
  ]
}

/** Both tables hold no row twice. */
function difference(table: string, wanted: string, columns: string): string {
  const same = columns
    .split(", ")
    .map((column) => `h.${column} IS NOT DISTINCT FROM x.${column}`)
    .join(" AND ")
  return `DELETE FROM ${table} AS h USING (SELECT ${columns} FROM ${table} EXCEPT SELECT ${columns} FROM ${wanted}) AS x WHERE ${same};
    INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${wanted} EXCEPT SELECT ${columns} FROM ${table}`
}

/** Of the columns of a record. */
function namesIn(columns: string): string {
  return columns
    .split(", ")
    .map((column) => column.split(" ")[0])
    .join(", ")
}

function some(names: Names, { people, gone }: Extract<WantedPeople, { kind: "changed" }>): string[] {
  const users = [...new Set([...gone, ...people.map(({ warehouseUser }) => warehouseUser)])]
  if (users.length === 0) return []
  const [profile, entitlement] = [names.books("profile"), names.books("entitlement")]
  const among = `username IN (${users.map(quoteLiteral).join(", ")})`
  return [
    `DELETE FROM ${profile} WHERE ${among}`,
    `DELETE FROM ${entitlement} WHERE ${among}`,
    ...inserts(profile, people.map(profileOf), profileColumns),
    ...inserts(entitlement, people.flatMap(entitlementsOf), entitlementColumns),
  ]
}

function inserts(table: string, rows: readonly object[], columns: string): string[] {
  const statements: string[] = []
  for (let at = 0; at < rows.length; at += rowsAtOnce)
    statements.push(
      `INSERT INTO ${table} (${namesIn(columns)}) SELECT r.* FROM ${asRows(rows.slice(at, at + rowsAtOnce), columns)}`,
    )
  return statements
}

function profileOf({ warehouseUser, iamId, userId, isDisabled }: Person): object {
  return { username: warehouseUser, iam: iamId, active: !isDisabled, display_user: userId }
}

function entitlementsOf(person: Person): Entitlement[] {
  const username = person.warehouseUser
  const row = (kind: Entitlement["kind"], key: string, value: string | null = null) => ({
    username,
    kind,
    key,
    value,
  })
  return [
    ...[...person.subscriptions].map((id) => row("subscription", String(id))),
    ...[...person.groups].map((name) => row("group", name)),
    ...[...person.attributes].flatMap(([name, values]) =>
      [...values].map((value) => row("attribute", name, value)),
    ),
    ...[...person.purposes].flatMap((name) =>
      purposePlaces(person).map((sourceId) => row("purpose", name, sourceId)),
    ),
  ]
}

/** The sources on which the person's purposes hold, each as a text; null: on every one. */
function purposePlaces({ projectSources }: Person): (string | null)[] {
  return projectSources === undefined ? [null] : [...projectSources].map(String)
}
