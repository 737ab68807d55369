import { type Change, contractTable, unsent, type Value } from "./warehouse-rows.ts"

export type Cell = number | string | null
export interface Transaction {
  atMs: number
  changes: Change[]
}

export const seedMs = Date.UTC(2026, 0, 1)
export const table = contractTable("t")
/** As the table shows a moment `n` ms after the copy. */
const time = (n: number) =>
  new Date(seedMs + n)
    .toISOString()
    .replace("T", " ")
    .replace(/\.?0*Z$/, "")
export const active = (row: Cell[], from: number): Cell[] => [...row, "true", time(from), null]
export const closed = (row: Cell[], from: number, to: number): Cell[] => [
  ...row,
  "false",
  time(from),
  time(to),
]

/** What a table that keeps versions holds after transactions, `atMs` after its copy. */
export const cases: { name: string; before: Value[][]; transactions: Transaction[]; after: Cell[][] }[] = [
  {
    name: "an update closes a version and begins one, a delete only closes",
    before: [
      [1, "a", "b"],
      [2, "c", "d"],
      [3, "e", "f"],
    ],
    transactions: [
      { atMs: 5, changes: [["update", 1, "a2", "b"]] },
      { atMs: 6, changes: [["delete", 2]] },
      { atMs: 7, changes: [["insert", 4, "new", null]] },
    ],
    after: [
      closed([1, "a", "b"], 0, 5),
      active([1, "a2", "b"], 5),
      closed([2, "c", "d"], 0, 6),
      active([3, "e", "f"], 0),
      active([4, "new", null], 7),
    ],
  },
  {
    name: "each transaction of one batch leaves a version, each statement does not",
    before: [[1, "a", "b"]],
    transactions: [
      {
        atMs: 5,
        changes: [
          ["update", 1, "x", "b"],
          ["update", 1, "y", "b"],
        ],
      },
      { atMs: 6, changes: [["update", 1, "z", "b"]] },
      {
        atMs: 8,
        changes: [
          ["insert", 2, "short", "life"],
          ["delete", 2],
        ],
      },
      { atMs: 9, changes: [["delete", 1]] },
      { atMs: 12, changes: [["insert", 1, "again", null]] },
    ],
    after: [
      closed([1, "a", "b"], 0, 5),
      closed([1, "y", "b"], 5, 6),
      closed([1, "z", "b"], 6, 9),
      active([1, "again", null], 12),
    ],
  },
  {
    name: "transactions of the same moment keep their versions",
    before: [],
    transactions: [
      { atMs: 5, changes: [["insert", 1, "x", "y"]] },
      { atMs: 5, changes: [["update", 1, "z", "y"]] },
    ],
    after: [closed([1, "x", "y"], 5, 5), active([1, "z", "y"], 5)],
  },
  {
    name: "of transactions of the same moment the second takes nothing back of the first",
    before: [
      [1, "a", "b"],
      [2, "c", "d"],
    ],
    transactions: [
      { atMs: 5, changes: [["update", 1, "x", "b"]] },
      {
        atMs: 5,
        changes: [
          ["moveFrom", 2],
          ["moveTo", 3, "m", unsent],
          ["update", 1, "y", "b"],
          ["update", 3, "n", "d"],
        ],
      },
      { atMs: 5, changes: [["insert", 4, "e", "f"], "truncate"] },
    ],
    after: [
      closed([1, "a", "b"], 0, 5),
      closed([1, "x", "b"], 5, 5),
      closed([1, "y", "b"], 5, 5),
      closed([2, "c", "d"], 0, 5),
      closed([3, "n", "d"], 5, 5),
    ],
  },
  {
    name: "a source clock that goes back makes no version end before it began",
    before: [[1, "a", "b"]],
    transactions: [
      { atMs: -5, changes: [["update", 1, "x", "b"]] },
      { atMs: -9, changes: [["update", 1, "y", "b"]] },
    ],
    after: [closed([1, "a", "b"], 0, 0), closed([1, "x", "b"], -5, -5), active([1, "y", "b"], -9)],
  },
  {
    name: "unsent columns come from the version before, in the table or in the batch",
    before: [
      [1, "a", "kept"],
      [2, "c", "old"],
    ],
    transactions: [
      { atMs: 5, changes: [["update", 1, "x", unsent]] },
      { atMs: 6, changes: [["update", 1, unsent, "new"]] },
      { atMs: 7, changes: [["update", 1, "z", unsent]] },
      {
        atMs: 8,
        changes: [
          ["update", 2, "d", "late"],
          ["update", 2, "e", unsent],
        ],
      },
    ],
    after: [
      closed([1, "a", "kept"], 0, 5),
      closed([1, "x", "kept"], 5, 6),
      closed([1, "x", "new"], 6, 7),
      active([1, "z", "new"], 7),
      closed([2, "c", "old"], 0, 8),
      active([2, "e", "late"], 8),
    ],
  },
  {
    name: "a truncation closes all that is active, what came before it in the batch too",
    before: [
      [1, "a", "b"],
      [2, "c", "d"],
    ],
    transactions: [
      { atMs: 4, changes: [["update", 1, "x", "b"]] },
      { atMs: 5, changes: [["insert", 9, "never", "committed"], "truncate", ["insert", 1, "y", "b"]] },
      { atMs: 6, changes: [["update", 1, "z", "b"]] },
    ],
    after: [
      closed([1, "a", "b"], 0, 4),
      closed([1, "x", "b"], 4, 5),
      closed([2, "c", "d"], 0, 5),
      closed([1, "y", "b"], 5, 6),
      active([1, "z", "b"], 6),
    ],
  },
  {
    name: "a key that changes with unsent columns ends one row and begins another",
    before: [[1, "a", "kept"]],
    transactions: [
      {
        atMs: 5,
        changes: [
          ["moveFrom", 1],
          ["moveTo", 2, "x", unsent],
        ],
      },
      {
        atMs: 6,
        changes: [
          ["moveFrom", 2],
          ["moveTo", 3, "y", unsent],
          ["update", 3, "z", unsent],
        ],
      },
    ],
    after: [closed([1, "a", "kept"], 0, 5), closed([2, "x", "kept"], 5, 6), active([3, "z", "kept"], 6)],
  },
]
