import type { ProfileFields, ProfileRecord } from "../../state/profiles/records.ts"
import type { ShapeValue } from "../../wire/shapes/shape.ts"

/** Members of a profile that are no field of it. */
const others = new Set(["DomainName", "ProfileId"])

/** Lists and structures that a profile keeps as they are. */
const documents = new Set(["EngagementPreferences"])

type Members = { readonly [name: string]: ShapeValue | undefined }

/** The fields of a profile by path: `Address.City`. */
export function fieldsFromWire(members: Members): ProfileFields {
  const entries = Object.entries(members).flatMap(([name, value]): [string, string][] => {
    if (value === undefined || others.has(name)) return []
    if (documents.has(name)) return [[name, JSON.stringify(value)]]
    if (typeof value === "string") return [[name, value]]
    return Object.entries(value).map(([part, inner]) => [`${name}.${part}`, String(inner)])
  })
  return Object.fromEntries(entries)
}

/** A profile as the API shows it; values of sources are shown as they came, also where the API has a list of values. */
export function profileToWire({
  id,
  fields,
}: ProfileRecord): { ProfileId: string } & Record<string, ShapeValue> {
  const shown = new Map<string, ShapeValue>()
  const parts = new Map<string, Record<string, string>>()
  for (const [path, value] of Object.entries(fields)) {
    const dot = path.indexOf(".")
    if (dot < 0) {
      shown.set(path, documents.has(path) ? (JSON.parse(value) as ShapeValue) : value)
      continue
    }
    const name = path.slice(0, dot)
    const inner = parts.get(name) ?? {}
    parts.set(name, inner)
    inner[path.slice(dot + 1)] = value
  }
  return { ...Object.fromEntries(shown), ...Object.fromEntries(parts), ProfileId: id }
}
