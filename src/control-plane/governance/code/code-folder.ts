import type { PolicyFields } from "../../../state/governance/policies.ts"
import type { ProjectFields } from "../../../state/governance/projects.ts"
import type { PurposeFields } from "../../../state/governance/purposes.ts"
import type { RuleFields } from "../../../state/governance/source-rules.ts"

/** Values by name of attribute, names and values in the order of the alphabet. */
export type CodeAttributes = Readonly<Record<string, readonly string[]>>

export interface CodePerson {
  iamId: string
  userId: string
  name: string | undefined
  email: string | undefined
  /** In warehouses, in lower case. */
  account: string
  isDisabled: boolean
  permissions: readonly string[]
  attributes: CodeAttributes
}

export interface CodeGroup {
  iamId: string
  name: string
  email: string | undefined
  description: string | undefined
  attributes: CodeAttributes
  /** `iamid/userid`, in the order of the alphabet. */
  members: readonly string[]
}

/** Which tags a source and its columns have, and no others. A source that no entry names keeps its own. */
export interface CodeTagging {
  source: string
  tags: readonly string[]
  columns: CodeAttributes
}

export interface CodeTable {
  name: string
  database: string
  schema: string
  table: string
  view: { schema: string; name: string }
  description: string | undefined
  eventTimeColumn: string | undefined
}

/** What one connection governs: every table of a database or schema, or these tables. */
export interface CodeData {
  connectionKey: string
  rule: Omit<RuleFields, "connectionKey"> | undefined
  tables: readonly CodeTable[] | undefined
}

export interface CodeProject extends Omit<ProjectFields, "subscriptionPolicy"> {
  purposes: readonly string[]
  /** Names of data sources. */
  sources: readonly string[]
}

/** Everything that a folder of files says, or that there is. A kind that is absent is left alone. */
export interface CodeFolder {
  tags?: readonly string[]
  people?: readonly CodePerson[]
  groups?: readonly CodeGroup[]
  purposes?: readonly PurposeFields[]
  data?: readonly CodeData[]
  tagging?: readonly CodeTagging[]
  projects?: readonly CodeProject[]
  policies?: readonly PolicyFields[]
}

export type CodeKind = keyof CodeFolder

/** In the order in which things are made: each needs only what stands before it. */
export const codeKinds = [
  "tags",
  "people",
  "groups",
  "purposes",
  "data",
  "tagging",
  "projects",
  "policies",
] as const satisfies readonly CodeKind[]

/** What cannot be kept of a folder, and which entry says it. */
export class CodeProblem extends Error {
  readonly kind: CodeKind
  readonly key: string
  constructor(kind: CodeKind, key: string, message: string) {
    super(message)
    this.kind = kind
    this.key = key
  }
}

/** An entry cannot be carried out; the message completes "file:line: ". */
export class CodeRefusal extends Error {}

/** What tells an entry from the others of its kind. */
export const keysOf: { [K in CodeKind]: (one: NonNullable<CodeFolder[K]>[number]) => string } = {
  tags: (tag) => tag,
  people: ({ iamId, userId }) => `${iamId}/${userId}`,
  groups: ({ iamId, name }) => `${iamId}/${name}`,
  purposes: ({ name }) => name,
  data: ({ connectionKey }) => connectionKey,
  tagging: ({ source }) => source,
  projects: ({ key }) => key,
  policies: ({ key }) => key,
}
