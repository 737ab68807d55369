import { type Change, unsent, type Value } from "./warehouse-rows.ts"

/** Changes to a table of (id, a, b), and what is to be there after them. */
export interface ChangeCase {
  name: string
  before: Value[][]
  changes: Change[]
  after: (number | string | null)[][]
}

export const changesWithKey: ChangeCase[] = [
  {
    name: "inserts, updates, deletes",
    before: [
      [1, "a", "b"],
      [2, "a", "b"],
    ],
    changes: [
      ["insert", 3, "a", null],
      ["update", 1, "x", "y"],
      ["delete", 2],
    ],
    after: [
      [1, "x", "y"],
      [3, "a", null],
    ],
  },
  {
    name: "only inserts",
    before: [[1, "a", "b"]],
    changes: [
      ["insert", 2, null, ""],
      ["insert", 3, "x", "y"],
    ],
    after: [
      [1, "a", "b"],
      [2, null, ""],
      [3, "x", "y"],
    ],
  },
  {
    name: "the last change of a row wins",
    before: [[1, "0", "0"]],
    changes: [
      ["update", 1, "1", "1"],
      ["delete", 1],
      ["insert", 1, "2", "2"],
      ["update", 1, "3", "3"],
    ],
    after: [[1, "3", "3"]],
  },
  {
    name: "inserted and deleted leaves nothing",
    before: [],
    changes: [
      ["insert", 1, "x", "x"],
      ["delete", 1],
    ],
    after: [],
  },
  {
    name: "truncation takes what was before and not what comes after",
    before: [[1, "a", "b"]],
    changes: [["insert", 2, "a", "b"], "truncate", ["insert", 3, "a", "b"], ["update", 3, "c", "d"]],
    after: [[3, "c", "d"]],
  },
  { name: "truncation alone", before: [[1, "a", "b"]], changes: ["truncate"], after: [] },
  {
    name: "a changed key is a delete and an update",
    before: [
      [1, "a", "b"],
      [2, "c", "d"],
    ],
    changes: [
      ["delete", 1],
      ["update", 3, "a", "b"],
      ["delete", 2],
      ["update", 1, "c", "d"],
    ],
    after: [
      [1, "c", "d"],
      [3, "a", "b"],
    ],
  },
  {
    name: "unsent columns keep what the table has",
    before: [
      [1, "a", "big"],
      [2, "a", null],
    ],
    changes: [
      ["update", 1, "x", unsent],
      ["update", 2, "y", unsent],
    ],
    after: [
      [1, "x", "big"],
      [2, "y", null],
    ],
  },
  {
    name: "unsent columns keep what the batch brought, also a null",
    before: [
      [1, "a", "big"],
      [2, "a", "big"],
    ],
    changes: [
      ["update", 1, "x", "bigger"],
      ["update", 1, "y", unsent],
      ["update", 1, unsent, unsent],
      ["update", 2, "x", null],
      ["update", 2, "y", unsent],
      ["insert", 3, "n", "new"],
      ["update", 3, "m", unsent],
    ],
    after: [
      [1, "y", "bigger"],
      [2, "y", null],
      [3, "m", "new"],
    ],
  },
  {
    name: "a row that came again does not show what it held before",
    before: [[1, "a", "big"]],
    changes: [
      ["update", 1, "x", unsent],
      ["delete", 1],
      ["insert", 1, "n", null],
      ["update", 1, "m", unsent],
    ],
    after: [[1, "m", null]],
  },
  {
    name: "a moved row brings its unsent columns along",
    before: [
      [1, "a", "big"],
      [2, "c", "large"],
    ],
    changes: [
      ["moveFrom", 1],
      ["moveTo", 10, "x", unsent],
      ["moveFrom", 2],
      ["moveTo", 1, "y", unsent],
    ],
    after: [
      [10, "x", "big"],
      [1, "y", "large"],
    ],
  },
  {
    name: "a row that moves twice, and changes between",
    before: [[1, "a", "big"]],
    changes: [
      ["moveFrom", 1],
      ["moveTo", 2, "x", unsent],
      ["update", 2, "y", unsent],
      ["moveFrom", 2],
      ["moveTo", 3, "z", unsent],
      ["moveFrom", 3],
      ["moveTo", 1, "end", unsent],
    ],
    after: [[1, "end", "big"]],
  },
  {
    name: "moves right after the insert of what moves, then a delete",
    before: [],
    changes: [
      ["insert", 1, "a", "big"],
      ["moveFrom", 1],
      ["moveTo", 2, "x", unsent],
      ["insert", 1, "n", "n"],
      ["delete", 2],
    ],
    after: [[1, "n", "n"]],
  },
]

/** The table is without a key: rows are told by all they hold, and equal ones counted. */
export const changesWithoutKey: ChangeCase[] = [
  {
    name: "one of equal rows is deleted",
    before: [
      [1, "a", null],
      [1, "a", null],
      [1, "a", null],
    ],
    changes: [["delete", 1, "a", null]],
    after: [
      [1, "a", null],
      [1, "a", null],
    ],
  },
  {
    name: "inserted and deleted cancel out",
    before: [[1, "a", "b"]],
    changes: [
      ["insert", 2, "a", "b"],
      ["delete", 2, "a", "b"],
      ["delete", 1, "a", "b"],
      ["insert", 1, "a", "b"],
    ],
    after: [[1, "a", "b"]],
  },
  {
    name: "equal rows are added",
    before: [[1, null, null]],
    changes: [
      ["insert", 1, null, null],
      ["insert", 1, null, null],
      ["delete", 9, "was", "not there"],
    ],
    after: [
      [1, null, null],
      [1, null, null],
      [1, null, null],
    ],
  },
  {
    name: "truncation between",
    before: [
      [1, "a", "b"],
      [1, "a", "b"],
    ],
    changes: [["delete", 1, "a", "b"], "truncate", ["insert", 1, "a", "b"]],
    after: [[1, "a", "b"]],
  },
]
