import type { FilterValue, VirtualTable } from "../../../src/query/virtual-table.ts"

export interface Asked {
  user: string
  wanted: Record<string, readonly FilterValue[]>
}

export interface Notes extends VirtualTable {
  /** Owner, number, text, done, made. */
  held: [string, bigint, string | null, boolean, Date][]
  asked: Asked[]
}

export const made = new Date("2024-01-02T03:04:05.678Z")

export function heldFirst(): Notes["held"] {
  return [
    ["analyst", 1n, "one", false, made],
    ["analyst", 2n, null, true, made],
    ["loader", 2n ** 63n - 1n, 'it\'s "so" \u{1F600} long', false, made],
  ]
}

/** Everybody has notes of one's own, administrators see all. */
export function notes(): Notes {
  const columns = [
    { name: "owner", type: "text" },
    { name: "number", type: "bigint" },
    { name: "body", type: { characters: 8 } },
    { name: "done", type: "boolean" },
    { name: "made", type: "timestamp" },
  ] as const
  const table: Notes = {
    name: "my_notes",
    schema: "pg_catalog",
    readableBy: "everyone",
    columns,
    held: [
      ["analyst", 1n, "one", false, made],
      ["analyst", 2n, null, true, made],
      ["loader", 2n ** 63n - 1n, 'it\'s "so" \u{1F600} long', false, made],
    ],
    asked: [],
    rows: async ({ user, access }, filter) => {
      const wanted = columns.flatMap(({ name }) => {
        const values = filter.valuesOf(name)
        return values === undefined ? [] : [[name, [...values]] as const]
      })
      table.asked.push({ user, wanted: Object.fromEntries(wanted) })
      return table.held.filter(([owner]) => access.isSuperuser || owner === user)
    },
  }
  return table
}
