import type { ProfileStore } from "../../state/profiles/profile-store.ts"
import type { ShownKey, ShownObject, ShownProfile } from "../../state/profiles/shown-rows.ts"
import type { VirtualTable } from "../virtual-table.ts"
import { type ShownColumn, shownTable } from "./shown-table.ts"

/** `customer_profiles.profiles`, `.profile_objects` and `.profile_keys`, in every database: what is there when a statement begins. */
export function profileTables({ shown }: Pick<ProfileStore, "shown">): VirtualTable[] {
  return [
    shownTable({ name: "profiles", columns: profileColumns, read: shown.profiles }),
    shownTable({ name: "profile_objects", columns: objectColumns, read: shown.objects }),
    shownTable({ name: "profile_keys", columns: keyColumns, read: shown.keys }),
  ]
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
