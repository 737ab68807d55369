/** Sets of members that belong together, directly or by way of others. */
export interface Groups<T> {
  /** These belong together from now on. True: some of them did not before. */
  join(members: readonly T[]): boolean
  /** Each set once, with its members in the order in which they came. Sets come in the order of their first members. */
  all(): T[][]
}

/** Disjoint sets; a join costs next to nothing, whatever the size of the sets. */
export function newGroups<T>(): Groups<T> {
  const parents = new Map<T, T>()

  function rootOf(member: T): T {
    let root = member
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root))
      root = next
    // Shortens the way for the next one who asks.
    for (let at = member; at !== root; ) {
      const next = parents.get(at) ?? root
      parents.set(at, root)
      at = next
    }
    return root
  }

  function add(member: T): void {
    if (!parents.has(member)) parents.set(member, member)
  }

  return {
    join([first, ...others]) {
      if (first === undefined) return false
      add(first)
      let isChanged = false
      for (const other of others) {
        add(other)
        const [from, to] = [rootOf(other), rootOf(first)]
        isChanged ||= from !== to
        parents.set(from, to)
      }
      return isChanged
    },
    all() {
      const sets = new Map<T, T[]>()
      for (const member of parents.keys()) {
        const root = rootOf(member)
        const set = sets.get(root)
        if (set === undefined) sets.set(root, [member])
        else set.push(member)
      }
      return [...sets.values()]
    },
  }
}
