/** One value of a profile and where it is from. */
export interface SourcedValue {
  value: string
  /** When its source last changed it; in ms since 1970. */
  atMs: number
  /** The number of the object type that it came from; 0: people set it. */
  source: number
}

/** A profile as merging sees it. */
export interface MergeableProfile {
  id: string
  createdAtMs: number
  /** By path: `FirstName`, `Address.City`, `Attributes.tier`. */
  values: ReadonlyMap<string, SourcedValue>
}

/** By field of the API (`FirstName`, `Address`, `Attributes.tier`): the id of the profile whose values count, also when that profile has none. */
export type FieldSources = ReadonlyMap<string, string>

/** How conflicts are solved: as a person says, or by the rule of a domain. */
export type Resolution =
  | { kind: "main"; fieldSources: FieldSources }
  /** `source`: the number of the object type whose values count first; undefined: the newest one does. */
  | { kind: "newest"; source: number | undefined }

/**
 * The values of the profile that `main` and `others` become: all fields of all of them. An address is one field: its parts come from one
 * profile. Where profiles differ,
 * - `main`: the value of the profile that `fieldSources` names for the field, else the main profile's, else that of the first other profile
 *   that has one;
 * - `newest`: what people set counts before what a source sent; then the values of the object type `source`, if there are any; of what
 *   remains the newest. Values of one time: the main profile's, then that of the smallest profile id.
 *
 * No order of `others` changes the outcome of `newest`.
 */
export function mergedValues(
  main: MergeableProfile,
  others: readonly MergeableProfile[],
  resolution: Resolution,
): Map<string, SourcedValue> {
  const merged = new Map<string, SourcedValue>()
  for (const [field, held] of heldByField([main, ...others])) {
    const chosen =
      resolution.kind === "main"
        ? byMain(held, resolution.fieldSources.get(field))
        : newest(held, resolution.source)
    for (const [path, value] of chosen?.values ?? []) merged.set(path, value)
  }
  return merged
}

/** What one profile has of one field. */
interface Held {
  id: string
  isMain: boolean
  /** By path. */
  values: Map<string, SourcedValue>
}

/** For each field what the profiles have of it, the main profile first. */
function heldByField(all: readonly MergeableProfile[]): Map<string, Held[]> {
  const fields = new Map<string, Held[]>()
  for (const [at, { id, values }] of all.entries())
    for (const [path, value] of values) {
      const field = fieldAt(path)
      const held = fields.get(field) ?? []
      fields.set(field, held)
      const own = held.at(-1)
      if (own?.id === id) own.values.set(path, value)
      else held.push({ id, isMain: at === 0, values: new Map([[path, value]]) })
    }
  return fields
}

function fieldAt(path: string): string {
  return path.startsWith("Attributes.") ? path : (path.split(".")[0] ?? path)
}

function byMain(held: readonly Held[], named: string | undefined): Held | undefined {
  return named === undefined ? held[0] : held.find(({ id }) => id === named)
}

function newest(held: readonly Held[], source: number | undefined): Held | undefined {
  const [best] = preferred(held, source).sort(
    (a, b) => timeOf(b) - timeOf(a) || Number(b.isMain) - Number(a.isMain) || (a.id < b.id ? -1 : 1),
  )
  return best
}

function preferred(held: readonly Held[], source: number | undefined): Held[] {
  const from = (wanted: number | undefined) =>
    held.filter(({ values }) => [...values.values()].some((value) => value.source === wanted))
  return [from(0), from(source), [...held]].find(({ length }) => length > 0) ?? []
}

function timeOf({ values }: Held): number {
  return Math.max(...[...values.values()].map(({ atMs }) => atMs))
}

/** The profile that stays of several which are merged by a rule: the oldest; of one time, that of the smallest id. */
export function mainOf(profiles: readonly MergeableProfile[]): MergeableProfile | undefined {
  return [...profiles].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))[0]
}
