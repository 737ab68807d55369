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

/**
 * Whether no partition came or went with rows (or went and came again), and none was written anew but by TRUNCATE of the
 * whole, in `emptiedBy`.
 */
export function hasLeavesOf(before: string, now: string, emptiedBy: ReadonlySet<string>): boolean {
  const leaves = leavesOf(now)
  const known = leavesOf(before)
  for (const [id, { file, joined }] of known) {
    const leaf = leaves.get(id)
    if (leaf === undefined || leaf.joined !== joined) return false
    if (leaf.file !== file && !emptiedBy.has(leaf.changedBy)) return false
  }
  for (const [id, { isMadeEmpty }] of leaves) if (!known.has(id) && !isMadeEmpty) return false
  return true
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
