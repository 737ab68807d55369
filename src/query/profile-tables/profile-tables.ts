import { allows } from "../../control-plane/sql-users/sql-access.ts"
import type { ProfileStore } from "../../state/profiles/profile-store.ts"
import type { ShownFilter, ShownKey, ShownObject, ShownProfile } from "../../state/profiles/shown-rows.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { faultAsPgError } from "../faults.ts"
import type { Cell, VirtualColumn, VirtualFilter, VirtualTable } from "../virtual-table.ts"

const schema = "customer_profiles"
/** Rows are one parameter of a statement: more would not fit into it in reasonable time. */
const rowsAtMost = 50_000

/** A column, and the value of a row in it. */
interface ShownColumn<Row> extends VirtualColumn {
  cell(row: Row): Cell
  /** Whether `=` and `IN` are passed on to the state database. */
  filters?: keyof ShownFilter
}

interface ShownTable<Row> {
  name: string
  columns: readonly ShownColumn<Row>[]
  read(filter: ShownFilter, limit: number): Promise<Row[]>
}

/** `customer_profiles.profiles`, `.profile_objects` and `.profile_keys`, in every database: what is there when a statement begins. */
export function profileTables({ shown }: Pick<ProfileStore, "shown">): VirtualTable[] {
  return [
    virtualTable({ name: "profiles", columns: profileColumns, read: shown.profiles }),
    virtualTable({ name: "profile_objects", columns: objectColumns, read: shown.objects }),
    virtualTable({ name: "profile_keys", columns: keyColumns, read: shown.keys }),
  ]
}

function virtualTable<Row>({ name, columns, read }: ShownTable<Row>): VirtualTable {
  return {
    name,
    schema,
    readableBy: "everyone",
    columns: columns.map(({ name: column, type }) => ({ name: column, type })),
    rows: async ({ access, database }, filter) => {
      if (!allows(access, "select", { database, schema, table: name }))
        throw new PgError("42501", `permission denied for relation ${name}`)
      const found = await read(shownFilter(columns, filter), rowsAtMost + 1).catch((error: unknown) => {
        throw faultAsPgError(error)
      })
      if (found.length > rowsAtMost) throw tooMany(name, columns)
      return found.map((row) => columns.map(({ cell }) => cell(row)))
    },
  }
}

function shownFilter<Row>(columns: readonly ShownColumn<Row>[], filter: VirtualFilter): ShownFilter {
  const wanted = columns.flatMap(({ name, filters }) => {
    const values = filters === undefined ? undefined : filter.valuesOf(name)
    return filters === undefined || values === undefined ? [] : [[filters, [...values].map(String)] as const]
  })
  return Object.fromEntries(wanted)
}

function tooMany<Row>(name: string, columns: readonly ShownColumn<Row>[]): PgError {
  const helping = columns.filter(({ filters }) => filters !== undefined).map((column) => column.name)
  return new PgError(
    "54000",
    `${schema}.${name} has more than ${rowsAtMost} rows that this statement asks for`,
    {
      hint: `Compare one of these columns with = or IN: ${helping.join(", ")}.`,
    },
  )
}

const fieldColumns = [
  ["account_number", "AccountNumber"],
  ["first_name", "FirstName"],
  ["middle_name", "MiddleName"],
  ["last_name", "LastName"],
  ["business_name", "BusinessName"],
  ["birth_date", "BirthDate"],
  ["email_address", "EmailAddress"],
  ["phone_number", "PhoneNumber"],
  ["city", "Address.City"],
  ["country", "Address.Country"],
  ["postal_code", "Address.PostalCode"],
] as const

const profileColumns: readonly ShownColumn<ShownProfile>[] = [
  { name: "domain_name", type: "text", cell: ({ domain }) => domain, filters: "domainName" },
  { name: "profile_id", type: "text", cell: ({ id }) => id, filters: "profileId" },
  ...fieldColumns.map(([name, path]) => ({
    name,
    type: "text" as const,
    cell: ({ fields }: ShownProfile) => fields[path],
  })),
  // All values by path, those of the columns before among them.
  { name: "fields", type: "text", cell: ({ fields }) => JSON.stringify(fields) },
  { name: "object_count", type: "bigint", cell: ({ objects }) => objects },
  { name: "created_at", type: "timestamp", cell: ({ createdAt }) => createdAt },
  { name: "last_updated_at", type: "timestamp", cell: ({ updatedAt }) => updatedAt },
]

const objectColumns: readonly ShownColumn<ShownObject>[] = [
  { name: "domain_name", type: "text", cell: ({ domain }) => domain, filters: "domainName" },
  { name: "profile_id", type: "text", cell: ({ profile }) => profile, filters: "profileId" },
  { name: "object_type_name", type: "text", cell: ({ type }) => type, filters: "objectTypeName" },
  {
    name: "profile_object_unique_key",
    type: "text",
    cell: ({ uniqueKey }) => uniqueKey,
    filters: "uniqueKey",
  },
  { name: "object", type: "text", cell: ({ object }) => object },
  { name: "integration_uri", type: "text", cell: ({ integrationUri }) => integrationUri },
  { name: "source_last_updated_at", type: "timestamp", cell: ({ sourceTime }) => sourceTime },
  { name: "ingested_at", type: "timestamp", cell: ({ ingestedAt }) => ingestedAt },
]

const keyColumns: readonly ShownColumn<ShownKey>[] = [
  { name: "domain_name", type: "text", cell: ({ domain }) => domain, filters: "domainName" },
  { name: "profile_id", type: "text", cell: ({ profile }) => profile, filters: "profileId" },
  { name: "key_name", type: "text", cell: ({ name }) => name, filters: "keyName" },
  { name: "key_value", type: "text", cell: ({ value }) => value, filters: "keyValue" },
]
