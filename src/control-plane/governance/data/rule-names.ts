import { createHash } from "node:crypto"
import type { RelationName } from "../../../governance/model/source.ts"
import type { RuleFormats } from "../../../state/governance/source-rules.ts"

/** Bytes of a name that every warehouse takes. */
const identifierBytes = 63

/** Where nobody says otherwise: a view has its table's name, in a schema of its own. */
export const usualFormats: RuleFormats = {
  source: "<database>.<schema>.<tablename>",
  viewSchema: "governed_<schema>",
  view: "<tablename>",
}

export interface SourceNames {
  name: string
  view: { schema: string; name: string }
}

/** `<database>`, `<schema>` and `<tablename>` stand for the table's. (Fact: the last two.) */
export function namesFor(formats: RuleFormats, table: RelationName): SourceNames {
  return {
    name: filled(formats.source, table),
    view: {
      schema: identifier(filled(formats.viewSchema, table)),
      name: identifier(filled(formats.view, table)),
    },
  }
}

function filled(format: string, { database, schema, name }: RelationName): string {
  return format.replaceAll(/<(database|schema|tablename)>/g, (_, part: string) =>
    part === "database" ? database : part === "schema" ? schema : name,
  )
}

/** What is too long for an identifier ends with a digest of it, so that two long names stay two. */
function identifier(text: string): string {
  if (Buffer.byteLength(text) <= identifierBytes) return text
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12)
  let short = text
  while (Buffer.byteLength(short) > identifierBytes - digest.length - 1)
    short = [...short].slice(0, -1).join("")
  return `${short}_${digest}`
}
