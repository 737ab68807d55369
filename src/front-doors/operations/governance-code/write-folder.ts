import { stringify } from "yaml"
import type { CodeFolder } from "../../../control-plane/governance/code/code-folder.ts"
import { usualFormats } from "../../../control-plane/governance/data/rule-names.ts"
import { byPlace } from "./folder-shapes.ts"
import type { CodeFile } from "./read-folder.ts"

/** What a folder says, a file for each kind; what is usual is left out. */
export function writtenFolder(folder: Required<CodeFolder>): CodeFile[] {
  const written = {
    tags: folder.tags,
    people: folder.people.map((one) => ({
      ...{ userid: one.userId, iamid: unless(one.iamId, "bim"), name: one.name, email: one.email },
      ...{ account: unless(one.account, one.userId.toLowerCase()), disabled: one.isDisabled || undefined },
      ...{ permissions: some(one.permissions), attributes: some(one.attributes) },
    })),
    groups: folder.groups.map((one) => ({
      ...{ name: one.name, iamid: unless(one.iamId, "bim"), email: one.email, description: one.description },
      ...{ attributes: some(one.attributes), members: some(one.members) },
    })),
    purposes: folder.purposes.map((one) => ({
      ...{ name: one.name, acknowledgement: one.acknowledgement, description: one.description },
      displayAcknowledgement: one.showsAcknowledgement ? undefined : false,
    })),
    data: folder.data.map(dataOf),
    tagging: folder.tagging.map((one) => ({
      source: one.source,
      tags: some(one.tags),
      columns: some(one.columns),
    })),
    projects: folder.projects.map((one) => ({
      ...{ key: one.key, name: one.name, status: one.isOpen ? undefined : "closed" },
      ...{ description: one.description, documentation: one.documentation, tags: some(one.tags) },
      ...{ allowMaskedJoins: one.allowsMaskedJoins || undefined },
      ...{ purposes: some(one.purposes), dataSources: some(one.sources) },
    })),
    policies: folder.policies.map(({ key, name, kind, isStaged, document }) => ({
      ...{ policyKey: key, name: unless(name, key), type: kind, staged: isStaged || undefined },
      ...Object.fromEntries(Object.entries(document).filter(([member]) => !heads.has(member))),
    })),
  }
  return Object.entries(written).map(([kind, entries]) => ({
    name: `${kind}.yaml`,
    text: stringify({ [kind]: entries }, { lineWidth: 110, aliasDuplicateObjects: false }),
  }))
}

const heads = new Set(["policyKey", "name", "type", "staged"])

function unless<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value
}

function some<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value
}

function dataOf({ connectionKey, rule, tables = [] }: Required<CodeFolder>["data"][number]): object {
  if (rule !== undefined) {
    const { formats, owners, ...rest } = rule
    const names = {
      source: unless(formats.source, usualFormats.source),
      viewSchema: unless(formats.viewSchema, usualFormats.viewSchema),
      view: unless(formats.view, usualFormats.view),
    }
    return {
      ...{ connectionKey, database: rest.database, schema: rest.schema, integration: rest.integrationName },
      ...{ names: Object.values(names).some((one) => one !== undefined) ? names : undefined },
      ...{ tags: some(rest.tags) },
      owners: some(
        owners.map(({ kind, iamId, name }) => ({
          [kind === "person" ? "user" : "group"]: name,
          iamid: iamId,
        })),
      ),
    }
  }
  return {
    ...{ connectionKey, database: tables[0]?.database },
    tables: [...tables].sort(byPlace).map(({ database: _database, ...one }) => one),
  }
}
