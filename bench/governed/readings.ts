import type { Bench } from "../figures.ts"

/** `--rows` times 5/3: 5 M. */
export const governedRows = ({ rows }: Bench) => Math.round((rows * 5) / 3)

/** Rows of the reader's regions, and the end of a name. */
export const policies = [
  {
    policyKey: "anyone",
    type: "subscription",
    circumstances: [{ type: "everything" }],
    subscription: "anyone",
  },
  {
    policyKey: "own-region",
    type: "data",
    rules: [
      { kind: "rowFilter", match: { column: "region", attribute: "region" } },
      { kind: "mask", columns: [{ name: "name" }], mask: { type: "partial", first: 0, last: 4, char: "*" } },
    ],
  },
] as const

/** What is asked, of the governed table or of what stands for it. */
export const readings = {
  report: (from: string) => `SELECT team, count(*), sum(amount), max(name) FROM ${from} GROUP BY team`,
  lookUp: (from: string) => `SELECT name, amount FROM ${from} WHERE id = 4001`,
}

/** The same filter and mask as a person would write them. `length`: the engine's, in characters. */
export function byHand(table: string, length: "length" | "char_length"): string {
  const masked = `CASE WHEN ${length}(name) <= 4 THEN repeat('*', ${length}(name)) ELSE repeat('*', ${length}(name) - 4) || right(name, 4) END`
  return `(SELECT id, region, ${masked} AS name, amount, team FROM ${table} WHERE region IN ('north')) AS people`
}

/** Both in turn, so that what else the machine does falls on both alike. */
export async function compared(
  governed: () => Promise<unknown>,
  hand: () => Promise<unknown>,
): Promise<Compared> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await tookMs(governed))
    theirs.push(await tookMs(hand))
  }
  const [governedMs, byHandMs] = [median(ours), median(theirs)]
  return { ratio: governedMs / byHandMs, addedMs: governedMs - byHandMs }
}

const turns = 9

/** Medians. */
export interface Compared {
  ratio: number
  addedMs: number
}

async function tookMs(run: () => Promise<unknown>): Promise<number> {
  const fromMs = performance.now()
  await run()
  return performance.now() - fromMs
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
