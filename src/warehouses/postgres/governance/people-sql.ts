import type { WantedPeople } from "../../../engines/policy-server.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { Names } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"
import { asRows } from "./apply.ts"

interface Entitlement {
  username: string
  kind: "subscription" | "group" | "attribute" | "purpose"
  key: string
  value: string | null
}

const profileColumns = "username text, iam text, active boolean"
const entitlementColumns = "username text, kind text, key text, value text"
/** Of a statement: a few megabytes. */
const rowsAtOnce = 10_000

/** Statements after which the tables of people hold what is wanted. */
export function peopleStatements(names: Names, wanted: WantedPeople): string[] {
  switch (wanted.kind) {
    case "all":
      return everyone(names, wanted.people)
    case "changed":
      return some(names, wanted)
  }
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
    difference(profile, "wanted_profile", "username, iam, active"),
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
  return `DELETE FROM ${table} AS h USING (SELECT * FROM ${table} EXCEPT SELECT * FROM ${wanted}) AS x WHERE ${same};
    INSERT INTO ${table} (${columns}) SELECT * FROM ${wanted} EXCEPT SELECT * FROM ${table}`
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
      `INSERT INTO ${table} SELECT r.* FROM ${asRows(rows.slice(at, at + rowsAtOnce), columns)}`,
    )
  return statements
}

function profileOf({ warehouseUser, iamId, isDisabled }: Person): object {
  return { username: warehouseUser, iam: iamId, active: !isDisabled }
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
    ...[...person.purposes].map((name) => row("purpose", name)),
  ]
}
