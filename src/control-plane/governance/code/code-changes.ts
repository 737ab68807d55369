import { type CodeFolder, type CodeKind, codeKinds, keysOf } from "./code-folder.ts"

/** What becomes of one entry. */
export interface CodeChange {
  kind: CodeKind
  key: string
  action: "create" | "update" | "delete"
  before: unknown
  after: unknown
}

/** From what there is to what a folder says; of kinds that it does not name nothing. Deleted ones first, in the opposite order. */
export function codeChanges(current: Required<CodeFolder>, given: CodeFolder): CodeChange[] {
  const wanted = given.tags === undefined ? given : { ...given, tags: withUsed(given.tags, given) }
  const changes = codeKinds.flatMap((kind) => changesOf(kind, current, wanted))
  const deleted = changes.filter(({ action }) => action === "delete").reverse()
  return [...deleted, ...changes.filter(({ action }) => action !== "delete")]
}

/** Tags that entries use are wanted, and those above them, whether they are listed or not. */
function withUsed(tags: readonly string[], { tagging = [], data = [] }: CodeFolder): string[] {
  const used = [
    ...tagging.flatMap((one) => [...one.tags, ...Object.values(one.columns).flat()]),
    ...data.flatMap(({ rule }) => rule?.tags ?? []),
  ]
  const above = (tag: string) => tag.split(".").map((_, at, parts) => parts.slice(0, at + 1).join("."))
  return [...new Set([...tags, ...used].flatMap(above))].sort()
}

function changesOf<K extends CodeKind>(
  kind: K,
  current: Required<CodeFolder>,
  wanted: CodeFolder,
): CodeChange[] {
  const now = entriesOf(kind, current)
  const then = wanted[kind] === undefined ? undefined : entriesOf(kind, wanted)
  if (then === undefined) return []
  const made = [...then].flatMap(([key, after]): CodeChange[] => {
    const before = now.get(key)
    if (before === undefined) return [{ kind, key, action: "create", before, after }]
    return isSame(before, after) ? [] : [{ kind, key, action: "update", before, after }]
  })
  // Tags of a source that nobody names are whatever its rule and other calls gave it.
  const gone = kind === "tagging" ? [] : [...now].filter(([key]) => !then.has(key))
  return [
    ...made,
    ...gone.map(([key, before]) => ({ kind, key, action: "delete" as const, before, after: undefined })),
  ]
}

function entriesOf<K extends CodeKind>(kind: K, folder: CodeFolder): Map<string, unknown> {
  const keyOf = keysOf[kind] as (one: unknown) => string
  return new Map((folder[kind] ?? []).map((one) => [keyOf(one), withoutForm(kind, one)]))
}

/** By which route a policy came says nothing of what it means. */
function withoutForm(kind: CodeKind, one: unknown): unknown {
  if (kind !== "policies" || typeof one !== "object" || one === null) return one
  const { form: _form, document, ...rest } = one as { form: string; document: object }
  const heads = new Set(["policyKey", "name", "type", "staged"])
  const own = Object.entries(document).filter(([name]) => !heads.has(name))
  return { ...rest, document: Object.fromEntries(own) }
}

export function isSame(a: unknown, b: unknown): boolean {
  return plain(a) === plain(b)
}

/** Members in the order of the alphabet; what is undefined is not there. */
function plain(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) =>
      typeof each === "object" && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    ) ?? ""
  )
}
