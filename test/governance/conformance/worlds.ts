/** A table with rows and people, in which cases are played. */
import type { Person } from "../../../src/governance/model/person.ts"
import type { ColumnKind, GovernedSource } from "../../../src/governance/model/source.ts"
import type { Draw } from "./random.ts"
import type { Kinds, Row } from "./where-tree.ts"

export interface TableColumn {
  name: string
  kind: ColumnKind
  /** As each engine writes it. */
  types: { postgres: string; duckdb: string }
}

export const tableColumns: readonly TableColumn[] = [
  column("id", "integer", "integer", "INTEGER"),
  column("name", "text", "text", "VARCHAR"),
  column("code", "text", "character varying(40)", "VARCHAR"),
  column("region", "text", "text", "VARCHAR"),
  column("big", "integer", "bigint", "BIGINT"),
  column("amount", "decimal", "numeric(10,2)", "DECIMAL(10,2)"),
  column("ratio", "float", "double precision", "DOUBLE"),
  column("flag", "boolean", "boolean", "BOOLEAN"),
  column("born", "date", "date", "DATE"),
  column("seen", "timestamp", "timestamp without time zone", "TIMESTAMP"),
  column("tz", "timestamptz", "timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
  column("extra", "other", "uuid", "UUID"),
]

function column(name: string, kind: ColumnKind, postgres: string, duckdb: string): TableColumn {
  return { name, kind, types: { postgres, duckdb } }
}

export const kinds: Kinds = Object.fromEntries(tableColumns.map(({ name, kind }) => [name, kind]))

export interface World {
  number: number
  rows: readonly Row[]
  /** `undefined`: somebody without a profile. */
  people: readonly (Person | undefined)[]
  eventTimeColumn: string
  keyColumns: readonly string[] | undefined
  columnTags: Readonly<Record<string, readonly string[]>>
  tags: readonly string[]
  now: Date
}

export const secrets: ReadonlyMap<string, string> = new Map([
  ["source:7", "a secret's text"],
  ["project:sales", "another"],
])

export const groups = ["hr", "eu", "auditors", "it's"]
export const attributes = {
  region: ["eu", "us", "Ä"],
  clearance: ["high", "1", "true"],
  born: ["1999-12-31"],
}
export const purposes = ["Audit", "Audit.Tax", "Marketing"]
export const tagNames = ["PII", "PII.SSN", "PII.Name", "Public"]

const texts = [
  ...["", "Ann", "ann", "äöü", "a1b22", "123-45-6789", "it's", "x_y%z", "a\\b", "eu", "us", "hr", "Ä"],
  ...["🙂 ok", "two\nlines", "high", "zz", "a!b", "  ", "auditors"],
]
/** Moments lie years back, so that no time rule ever ends near them. */
const values: Record<ColumnKind, readonly string[]> = {
  text: texts,
  integer: ["0", "1", "-7", "5", "99", "2147483647", "-2147483648"],
  decimal: ["0.00", "12.37", "-12.37", "99999999.99", "5.00", "0.05"],
  float: ["0", "0.25", "-7.75", "12.5", "1e20", "NaN", "3"],
  boolean: ["true", "false"],
  date: ["1999-12-31", "2016-02-28", "0001-01-01", "9999-12-31", "2024-02-29"],
  timestamp: ["1999-12-31 23:59:59", "2020-03-29 01:30:00", "2024-02-29 12:00:00"],
  timestamptz: ["1999-12-31 23:59:59", "2020-03-29 01:30:00", "2020-11-01 05:30:00"],
  other: ["0f8fad5b-d9cb-469f-a165-70867728950e"],
}
const dayOffsets = [-4000, -400, -100, -20, -3, 2, 50]

/** A value of a column, or null. Moments lie days away from the limits of the time rules. */
export function drawValue(draw: Draw, { name, kind }: TableColumn, now: Date): string | null {
  if (draw.oneIn(5)) return null
  if (kind === "text" && name === "region" && !draw.oneIn(4)) return draw.one(["eu", "us", "Ä"])
  const isMoment = kind === "date" || kind === "timestamp" || kind === "timestamptz"
  if (!isMoment || draw.oneIn(3)) return draw.one(values[kind])
  const at = new Date(now.getTime() + draw.one(dayOffsets) * 864e5 - 5 * 36e5)
  return at
    .toISOString()
    .replace("T", " ")
    .slice(0, kind === "date" ? 10 : 19)
}

export function newWorld(draw: Draw, number: number): World {
  const now = new Date()
  const rows = Array.from({ length: 12 }, (_, at) => ({
    ...Object.fromEntries(tableColumns.map((one) => [one.name, drawValue(draw, one, now)])),
    ...(draw.oneIn(4) ? {} : { id: String(at) }),
  }))
  const people = [
    person(draw, 0),
    person(draw, 1),
    { ...person(draw, 2), isDisabled: true },
    undefined,
    person(draw, 4),
  ]
  return {
    number,
    rows,
    people,
    eventTimeColumn: draw.one(["born", "seen", "tz"]),
    keyColumns: draw.one([undefined, ["id"], ["name", "born"]]),
    columnTags: Object.fromEntries(tableColumns.map(({ name }) => [name, draw.some(tagNames, 1)])),
    tags: draw.some(["HR", "HR.Pay", "Public"], 2),
    now,
  }
}

function person(draw: Draw, at: number): Person {
  const own = Object.entries(attributes).map(([name, all]) => [name, new Set(draw.some(all, 2))] as const)
  return {
    id: at,
    iamId: draw.one(["bim", "okta"]),
    userId: `person${at}`,
    warehouseUser: `person${at}`,
    isDisabled: false,
    groups: new Set(draw.some(groups, 3)),
    attributes: new Map(own.filter(([, set]) => set.size > 0)),
    purposes: new Set(draw.some(purposes, 1)),
    subscriptions: new Set(draw.oneIn(3) ? [8] : [7, 8]),
  }
}

export function sourceOf(world: World, engine: "postgres" | "duckdb", view: string): GovernedSource {
  const place = {
    postgres: { database: "shop", schema: "sales" },
    duckdb: { database: "memory", schema: "sales" },
  }
  return {
    id: 7,
    name: "people",
    table: { ...place[engine], name: `people${world.number}` },
    view: { schema: "governed", name: view },
    columns: tableColumns.map(({ name, kind, types }) => ({
      name,
      kind,
      type: types[engine],
      tags: world.columnTags[name] ?? [],
    })),
    tags: world.tags,
    eventTimeColumn: world.eventTimeColumn,
    ...(world.keyColumns === undefined ? {} : { keyColumns: world.keyColumns }),
    saltId: "source:7",
  }
}
