import { hasTag, isFor } from "../compile/circumstances.ts"
import type { Circumstance, Circumstances } from "../model/policy.ts"
import type { GovernedSource } from "../model/source.ts"

/** Why a policy with these circumstances is for the source: the circumstances that it meets, in words. */
export function whyHere({ of }: Circumstances, source: GovernedSource): string {
  const met = of.filter((one) => isFor({ operator: "any", of: [one] }, source))
  return met.map((one) => words(one, source)).join("; ")
}

function words(circumstance: Circumstance, { name, columns, table }: GovernedSource): string {
  switch (circumstance.kind) {
    case "everything":
      return "it is for all sources"
    case "source":
      return `it names the source ${name}`
    case "schema":
      return `the table is in the schema ${table.schema}`
    case "tag":
      return `the source has the tag ${circumstance.tag}, or one below it`
    case "anyTag":
      return "the source has a tag"
    case "noTags":
      return "the source has no tag"
    case "columnTag": {
      const tagged = columns.filter(({ tags }) => hasTag(tags, circumstance.tag)).map((one) => one.name)
      return `${tagged.length === 1 ? "column" : "columns"} ${tagged.join(", ")} with the tag ${circumstance.tag}`
    }
    case "columnRegex":
      return `a column's name matches ${circumstance.pattern}`
  }
}
