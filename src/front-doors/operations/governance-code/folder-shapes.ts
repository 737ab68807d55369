import { z } from "zod"
import type {
  CodeData,
  CodeGroup,
  CodePerson,
  CodeProject,
  CodeTagging,
} from "../../../control-plane/governance/code/code-folder.ts"
import { namesFor, usualFormats } from "../../../control-plane/governance/data/rule-names.ts"
import type { PolicyFields } from "../../../state/governance/policies.ts"
import type { PurposeFields } from "../../../state/governance/purposes.ts"
import type { RuleOwner } from "../../../state/governance/source-rules.ts"

const text = z.string().min(1)
const texts = z
  .array(text)
  .default([])
  .transform((given) => [...new Set(given)].sort())
/** A value alone stands for a list of one. */
const attributes = z
  .record(text, z.union([text.transform((one) => [one]), z.array(text)]))
  .default({})
  .transform((given) =>
    Object.fromEntries(
      Object.entries(given)
        .map(([name, values]) => [name, [...new Set(values)].sort()] as const)
        .sort(),
    ),
  )

const usualIam = "bim"

const person = z
  .strictObject({
    userid: text,
    iamid: text.default(usualIam),
    name: z.string().optional(),
    email: z.string().optional(),
    account: text.optional(),
    disabled: z.boolean().default(false),
    permissions: texts,
    attributes,
  })
  .transform(
    ({ userid, iamid, account, disabled, ...rest }): CodePerson => ({
      ...{ iamId: iamid, userId: userid, name: rest.name, email: rest.email, isDisabled: disabled },
      ...{ account: (account ?? userid).toLowerCase() },
      ...{ permissions: rest.permissions, attributes: rest.attributes },
    }),
  )

const group = z
  .strictObject({
    name: text,
    iamid: text.default(usualIam),
    email: z.string().optional(),
    description: z.string().optional(),
    attributes,
    members: texts,
  })
  .transform(
    ({ iamid, members, name, email, description, attributes: own }): CodeGroup => ({
      ...{ iamId: iamid, name, email, description, attributes: own },
      members: [...new Set(members.map((one) => (one.includes("/") ? one : `${iamid}/${one}`)))].sort(),
    }),
  )

const purpose = z
  .strictObject({
    name: text,
    acknowledgement: z.string().optional(),
    description: z.string().optional(),
    displayAcknowledgement: z.boolean().default(true),
  })
  .transform(
    ({ displayAcknowledgement, name, acknowledgement, description }): PurposeFields => ({
      ...{ name, acknowledgement, description, showsAcknowledgement: displayAcknowledgement },
    }),
  )

const owner = z
  .strictObject({ user: text.optional(), group: text.optional(), iamid: text.optional() })
  .refine((given) => (given.user === undefined) !== (given.group === undefined), {
    error: "names a user or a group",
  })
  .transform(
    (given): RuleOwner => ({
      kind: given.user === undefined ? "group" : "person",
      iamId: given.iamid,
      name: given.user ?? given.group ?? "",
    }),
  )

const table = z.strictObject({
  schema: text,
  table: text,
  name: text.optional(),
  view: z.strictObject({ schema: text, name: text }).optional(),
  description: z.string().optional(),
  eventTimeColumn: z.string().optional(),
})

const data = z
  .strictObject({
    connectionKey: text,
    database: text,
    schema: text.optional(),
    integration: text.optional(),
    names: z.strictObject({ source: text, viewSchema: text, view: text }).partial().default({}),
    tags: texts,
    owners: z.array(owner).default([]),
    tables: z.array(table).optional(),
  })
  .refine(({ tables, tags, owners }) => tables === undefined || tags.length + owners.length === 0, {
    error: "has tables: their tags are told by tagging, and owners are given by the API",
  })
  .transform(({ connectionKey, database, tables, names, schema, integration, tags, owners }): CodeData => {
    const {
      source = usualFormats.source,
      viewSchema = usualFormats.viewSchema,
      view = usualFormats.view,
    } = names
    const formats = { source, viewSchema, view }
    if (tables === undefined)
      return {
        connectionKey,
        rule: { database, schema, formats, tags, owners, integrationName: integration },
        tables: undefined,
      }
    const listed = tables.map(({ schema: own, table: name, ...given }) => {
      const named = namesFor(formats, { database, schema: own, name })
      return {
        ...{ database, schema: own, table: name, name: given.name ?? named.name },
        ...{ view: given.view ?? named.view },
        ...{ description: given.description, eventTimeColumn: given.eventTimeColumn },
      }
    })
    return { connectionKey, rule: undefined, tables: listed.sort(byPlace) }
  })

export function byPlace(a: { schema: string; table: string }, b: { schema: string; table: string }): number {
  return `${a.schema}\0${a.table}` < `${b.schema}\0${b.table}` ? -1 : 1
}

const tagging = z
  .strictObject({ source: text, tags: texts, columns: attributes })
  .transform((given): CodeTagging => given)

const project = z
  .strictObject({
    key: text,
    name: text,
    status: z.enum(["open", "closed"]).default("open"),
    description: z.string().optional(),
    documentation: z.string().optional(),
    tags: texts,
    allowMaskedJoins: z.boolean().default(false),
    purposes: texts,
    dataSources: texts,
  })
  .transform(
    ({ status, allowMaskedJoins, dataSources, ...rest }): CodeProject => ({
      ...{ key: rest.key, name: rest.name, isOpen: status === "open", tags: rest.tags },
      ...{ description: rest.description, documentation: rest.documentation },
      ...{ allowsMaskedJoins: allowMaskedJoins, purposes: rest.purposes, sources: dataSources },
    }),
  )

const policy = z
  .looseObject({
    policyKey: text,
    name: text.optional(),
    type: z.enum(["subscription", "data"]),
    staged: z.boolean().default(false),
  })
  .transform(
    (document): PolicyFields => ({
      ...{ key: document.policyKey, name: document.name ?? document.policyKey, kind: document.type },
      ...{ form: "v2" as const, document, isStaged: document.staged },
    }),
  )

/** What a file may say. */
export const folderShape = z.strictObject({
  tags: z.array(text).optional(),
  people: z.array(person).optional(),
  groups: z.array(group).optional(),
  purposes: z.array(purpose).optional(),
  data: z.array(data).optional(),
  tagging: z.array(tagging).optional(),
  projects: z.array(project).optional(),
  policies: z.array(policy).optional(),
})
