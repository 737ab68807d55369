import type { WantedPeople } from "../../../engines/policy-server.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { Names } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"
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

/** The columns of `profile`: where the integrations API has made it, it says what people are called, too. */
const profileColumnsOf: Record<GovernedPlace["kind"], string> = {
  warehouse: "username text, iam text, active boolean",
  host: "username text, iam text, active boolean, display_user text",
}

/** Statements after which the tables of people hold what is wanted. */
export function peopleStatements({ names, kind }: GovernedPlace, wanted: WantedPeople): string[] {
  const profileColumns = profileColumnsOf[kind]
  switch (wanted.kind) {
    case "all":
      return everyone({ names, profileColumns }, wanted.people)
    case "changed":
      return some({ names, profileColumns }, wanted)
  }
}

interface PeopleTables {
  names: Names
  profileColumns: string
}

/** Only differences are written: most of the time there are none, and readers have the rows at hand. */
function everyone({ names, profileColumns }: PeopleTables, people: readonly Person[]): string[] {
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

function some(
  { names, profileColumns }: PeopleTables,
  { people, gone }: Extract<WantedPeople, { kind: "changed" }>,
): string[] {
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
