/** The partitions that hold a partitioned table's rows: oid, file, and whether it was made as one, empty. */
export function hasLeavesOf(before: string, now: string): boolean {
  const leaves = leavesOf(now)
  const known = leavesOf(before)
  for (const [id, { file }] of known) if (leaves.get(id)?.file !== file) return false
  for (const [id, { isMadeEmpty }] of leaves) if (!known.has(id) && !isMadeEmpty) return false
  return true
}

function leavesOf(storage: string): Map<string, { file: string; isMadeEmpty: boolean }> {
  const leaves = storage === "" ? [] : storage.split(" ")
  return new Map(
    leaves.map((leaf) => {
      const [id = "", file = "", origin] = leaf.split(":")
      return [id, { file, isMadeEmpty: origin === "made" }]
    }),
  )
}
