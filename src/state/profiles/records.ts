/** Records of customer profiles as the state database keeps them. Profile ids are 32 hexadecimal digits. */

/** How the values of a field are compared. (Source: FieldContentType of the customer-profiles service model, 2020-08-15.) */
export const contentTypes = ["STRING", "NUMBER", "PHONE_NUMBER", "EMAIL_ADDRESS", "NAME"] as const
export type ContentType = (typeof contentTypes)[number]

/** A field of an object type: where its value comes from, and where it goes. */
export interface ObjectField {
  /** `_source.path`, or a Handlebars expression. */
  source?: string | undefined
  /** `_profile.FirstName`, `_order.Status`; undefined: the value only feeds keys. */
  target?: string | undefined
  contentType?: ContentType | undefined
}

/** One definition of a key; several may have the same name. */
export interface ObjectKey {
  fieldNames: readonly string[]
  /** UNIQUE, PROFILE, SECONDARY, LOOKUP_ONLY, NEW_ONLY, ORDER, … */
  standardIdentifiers: readonly string[]
}

export interface ObjectTypeRecord {
  /** Rows of objects carry it. A type that is made anew under the same name has another. */
  number: number
  name: string
  description: string
  templateId: string | undefined
  encryptionKey: string | undefined
  /** Undefined: the domain's. */
  expirationDays: number | undefined
  allowProfileCreation: boolean
  timestampFormat: string | undefined
  maxProfileObjects: number | undefined
  /** From 1; a lower one wins. Undefined: behind all that have one. */
  sourcePriority: number | undefined
  fields: Readonly<Record<string, ObjectField>>
  keys: Readonly<Record<string, readonly ObjectKey[]>>
  tags: Readonly<Record<string, string>>
  createdAt: Date
  updatedAt: Date
}

export type NewObjectType = Omit<ObjectTypeRecord, "number" | "createdAt" | "updatedAt">

export interface DomainRecord {
  number: number
  name: string
  defaultExpirationDays: number
  defaultEncryptionKey: string | undefined
  deadLetterQueueUrl: string | undefined
  /** JSON texts of the API's members Matching, RuleBasedMatching and DataStore. */
  matching: string | undefined
  ruleBasedMatching: string | undefined
  dataStore: string | undefined
  tags: Readonly<Record<string, string>>
  profileCount: number
  objectCount: number
  objectBytes: number
  createdAt: Date
  updatedAt: Date
}

export type DomainSettings = Pick<
  DomainRecord,
  | "defaultExpirationDays"
  | "defaultEncryptionKey"
  | "deadLetterQueueUrl"
  | "matching"
  | "ruleBasedMatching"
  | "dataStore"
  | "tags"
>

/** Values of a profile by path: `FirstName`, `Address.City`, `Attributes.tier`. */
export type ProfileFields = Readonly<Record<string, string>>

/** Where a value of a profile is from: the number of an object type, or 0: people set it. And when, in milliseconds since 1970. */
export type Provenance = Readonly<Record<string, readonly [type: number, atMs: number]>>

/** The number that stands for people in the provenance of a value. */
export const byPeople = 0

export interface ProfileRecord {
  id: string
  fields: ProfileFields
  provenance: Provenance
  objectCount: number
  objectBytes: number
  createdAt: Date
  updatedAt: Date
}

/** A key of a profile or of an object, its value in the form in which values are compared. */
export interface KeyPair {
  name: string
  value: string
}

/** What gave a key that is no object's. */
export const keyHolder = { valuesByPeople: "0", addedByPeople: "-1" } as const

/** (Source: ActionType of the customer-profiles service model.) */
export type HistoryAction =
  | "ADDED_PROFILE_KEY"
  | "DELETED_PROFILE_KEY"
  | "CREATED"
  | "UPDATED"
  | "INGESTED"
  | "DELETED_BY_CUSTOMER"
  | "EXPIRED"
  | "MERGED"
  | "DELETED_BY_MERGE"

export interface HistoryEntry {
  profile: string
  action: HistoryAction
  /** Of the object's type, where an object is meant. */
  type?: number | undefined
  uniqueKey?: string | undefined
  /** An access key, SQL user or integration. */
  performedBy?: string | undefined
}

/** An object as it is stored. */
export interface StoredObject {
  number: string
  type: number
  uniqueKey: string
  profile: string
  /** JSON text as it came. */
  object: string
  /** SHA-256 in hexadecimal. */
  contentHash: string
  /** What the record says of its own time; undefined: it says nothing. */
  sourceTime: Date | undefined
}

export interface NewObject extends Omit<StoredObject, "number"> {
  integrationUri: string | undefined
  expirationDays: number
}

export interface DeadLetter {
  objectType: string
  integrationUri: string | undefined
  /** A word of a closed list, see src/profiles/ingest/outcome.ts. */
  reason: string
  message: string
  /** JSON text, or what came in its place. */
  object: string
}
