import { byPeople, type ProfileFields, type Provenance } from "../../state/profiles/records.ts"

export interface FieldState {
  fields: ProfileFields
  provenance: Provenance
}

/** Values of one object type at one time. */
export interface FieldSource {
  /** The type's number. */
  type: number
  atMs: number
}

/** Without a SourcePriority a type is behind all that have one. */
export const lastPriority = Number.MAX_SAFE_INTEGER

/**
 * The fields with an object's values in them. A value that people set stays. Between object types the lower SourcePriority wins, whatever
 * the times; between equal ones the later time does, and of equal times the one that comes last.
 *
 * @param priorityOf of a type's number
 */
export function withIngested(
  before: FieldState,
  values: Readonly<Record<string, string>>,
  source: FieldSource,
  priorityOf: (type: number) => number,
): FieldState {
  const won = Object.entries(values).filter(([path]) => wins(before.provenance[path], source, priorityOf))
  if (won.length === 0) return before
  const origin = [source.type, source.atMs] as const
  return {
    fields: { ...before.fields, ...Object.fromEntries(won) },
    provenance: { ...before.provenance, ...Object.fromEntries(won.map(([path]) => [path, origin])) },
  }
}

function wins(
  before: Provenance[string] | undefined,
  source: FieldSource,
  priorityOf: (type: number) => number,
): boolean {
  if (before === undefined) return true
  const [type, atMs] = before
  if (type === byPeople) return false
  const [old, fresh] = [priorityOf(type), priorityOf(source.type)]
  return fresh === old ? source.atMs >= atMs : fresh < old
}
