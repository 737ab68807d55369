/**
 * The partitions that hold a partitioned table's rows: oid, file, whether it was made as one, empty, the transaction that
 * gave it its file (or changed the catalog's row of it otherwise since), and those that made it, and what is above it,
 * partitions.
 */
interface Leaf {
  file: string
  isMadeEmpty: boolean
  changedBy: string
  joined: string
}

/** In the place of the file of a partition that rows came through before the catalog was read. */
const notSeen = "?"

/** The same with a partition that the stream has brought rows of: should it be gone at the next look, they are to go, too. */
export function withLeaf(storage: string, id: string): string {
  if (leavesOf(storage).has(id)) return storage
  return [storage, `${id}:${notSeen}`].filter((part) => part !== "").join(" ")
}

/**
 * Whether no partition came or went with rows (or went and came again), and none was written anew but by TRUNCATE of the
 * whole, in `emptiedBy`.
 */
export function hasLeavesOf(before: string, now: string, emptiedBy: ReadonlySet<string>): boolean {
  const leaves = leavesOf(now)
  const known = leavesOf(before)
  for (const [id, { file, joined }] of known) {
    const leaf = leaves.get(id)
    if (leaf === undefined) return false
    if (file === notSeen) {
      if (!isAsMade(id, leaf, emptiedBy)) return false
      continue
    }
    if (leaf.joined !== joined) return false
    if (leaf.file !== file && !emptiedBy.has(leaf.changedBy)) return false
  }
  for (const [id, { isMadeEmpty }] of leaves) if (!known.has(id) && !isMadeEmpty) return false
  return true
}

/** A table's first file has the number of the table. */
function isAsMade(
  id: string,
  { isMadeEmpty, file, changedBy }: Leaf,
  emptiedBy: ReadonlySet<string>,
): boolean {
  return isMadeEmpty && (file === id || emptiedBy.has(changedBy))
}

function leavesOf(storage: string): Map<string, Leaf> {
  const leaves = storage === "" ? [] : storage.split(" ")
  return new Map(
    leaves.map((leaf) => {
      const [id = "", file = "", origin, changedBy = "", joined = ""] = leaf.split(":")
      return [id, { file, isMadeEmpty: origin === "made", changedBy, joined }]
    }),
  )
}

/**
 * By way of which partition a row comes: before the first row of one the stream describes the root, and directly after it the
 * partition itself (pgoutput.c, maybe_send_schema). A TRUNCATE describes each table that it names, one after another.
 */
export interface LeafNotes {
  /** The stream describes a relation. */
  described(id: number, isRoot: boolean): void
  /** A row of a relation comes. Returns the partition's oid, once after it was described. */
  changed(id: number): string | undefined
  /** Something else comes. */
  forget(): void
}

export function newLeafNotes(): LeafNotes {
  let root: number | undefined
  let leaf: number | undefined
  const forget = () => {
    root = undefined
    leaf = undefined
  }
  return {
    described(id, isRoot) {
      if (isRoot) {
        root = id
        leaf = undefined
      } else if (root !== undefined) leaf = id
    },
    changed(id) {
      if (root === undefined) return undefined
      const found = id === root ? leaf : undefined
      forget()
      return found === undefined ? undefined : String(found)
    },
    forget,
  }
}
