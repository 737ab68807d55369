import type { ProfileFields } from "../../../state/profiles/records.ts"

/** A profile as an event has it: `Address.City` is in `Address`. */
export function profileObject(id: string, fields: ProfileFields): object {
  const members = new Map<string, unknown>([["ProfileId", id]])
  const groups = Map.groupBy(Object.entries(fields), ([path]) => path.split(".")[0] ?? path)
  for (const [group, values] of groups) {
    const inside = values.flatMap(([path, value]) =>
      path === group ? [] : [[path.slice(group.length + 1), value]],
    )
    members.set(group, inside.length === 0 ? values[0]?.[1] : Object.fromEntries(inside))
  }
  return Object.fromEntries(members)
}
