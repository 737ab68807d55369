import type pg from "pg"
import { textTable } from "../text-table.ts"

/** Valid word for word on both sides. */
export const question = `SELECT p.category, count(DISTINCT o.id) AS orders, sum(i.quantity) AS pieces,
       sum(i.quantity * i.unit_price) AS revenue, max(o.placed_at) AS latest
FROM order_items i JOIN orders o ON o.id = i.order_id JOIN products p ON p.id = i.product_id
WHERE o.status <> 'returned'
GROUP BY p.category ORDER BY revenue DESC`

export interface Answer {
  header: string[]
  rows: (string | null)[][]
  tookMs: number
}

const askedTimes = 3

/** The answer, and the best time of three. */
export async function ask(client: pg.Client): Promise<Answer> {
  let best: Answer | undefined
  for (let i = 0; i < askedTimes; i++) {
    const startedMs = performance.now()
    const { fields, rows } = await client.query<(string | null)[]>({ text: question, rowMode: "array" })
    const tookMs = performance.now() - startedMs
    if (best === undefined || tookMs < best.tookMs)
      best = { header: fields.map(({ name }) => name), rows, tookMs }
  }
  if (best === undefined) throw new Error("the question was not asked")
  return best
}

export function answerText({ header, rows }: Answer): string {
  return textTable(header, rows).trimEnd()
}
