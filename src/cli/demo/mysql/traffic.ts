import type { Connection } from "mysql2/promise"
import { upTo } from "../chance.ts"
import type { ShopSize } from "../shop-size.ts"

export interface Step {
  sql: string
  values: (number | string)[]
}

/** One kind of what happens in the shop: the statements of a transaction. */
export interface Happening {
  /** How often, compared with the others. */
  weight: number
  steps(size: ShopSize): Step[]
}

const step = (sql: string, ...values: Step["values"]): Step => ({ sql, values })

// "The row at or after a number drawn": rows come and go, and the draw must not need to know which are there.
const chooseOrder = ({ orders }: ShopSize) =>
  step("SELECT min(id) INTO @chosen FROM orders WHERE id >= ?", upTo(orders))
const chooseCustomer = ({ customers }: ShopSize) =>
  step("SELECT min(id) INTO @chosen FROM customers WHERE id >= ?", upTo(customers))

/** Together they do everything that replication must be able to follow. */
export const smallHappenings: readonly Happening[] = [
  {
    weight: 38, // an order
    steps: (size) => [
      chooseCustomer(size),
      step(
        `INSERT INTO orders (customer_id, status, total, currency, note, placed_at, risk)
         VALUES (@chosen, 'new', round(rand() * 900, 2), 'EUR', 'made just now ✓', now(), rand())`,
      ),
      step(
        `INSERT INTO order_items SELECT last_insert_id(), seq, 1 + floor(rand() * ?), ?, round(1 + rand() * 400, 2), null, false
         FROM seq_1_to_${upTo(4)}`,
        size.products,
        upTo(4),
      ),
    ],
  },
  {
    weight: 22, // an order moves on
    steps: ({ orders }) => [
      step(
        `UPDATE orders SET status = CASE status WHEN 'new' THEN 'paid' WHEN 'paid' THEN 'packed' ELSE 'shipped' END,
         ship_by = current_date WHERE id >= ? ORDER BY id LIMIT 1`,
        upTo(orders),
      ),
    ],
  },
  {
    weight: 16, // page views
    steps: ({ customers }) => [
      step(
        "INSERT INTO page_views SELECT now(3), ?, '/just/now', rand() * 100, 'agent/live' FROM seq_1_to_2",
        upTo(customers),
      ),
    ],
  },
  {
    weight: 8, // a customer returns
    steps: ({ customers }) => [
      step(
        `UPDATE customers SET last_seen_at = now(6), active = true, interests = 'music,ünïcödé',
         profile = json_set(profile, '$.visits', ?) WHERE id >= ? ORDER BY id LIMIT 1`,
        upTo(1000),
        upTo(customers),
      ),
    ],
  },
  {
    weight: 6, // a price
    steps: ({ products }) => [
      step(
        "UPDATE products SET price = round(1 + rand() * 400, 2), stock = ?, rating = rand() * 5 WHERE id = ?",
        upTo(999),
        upTo(products),
      ),
    ],
  },
  {
    weight: 4, // an order is cancelled
    steps: (size) => [
      chooseOrder(size),
      step("DELETE FROM order_items WHERE order_id = @chosen"),
      step("DELETE FROM orders WHERE id = @chosen"),
    ],
  },
  {
    weight: 3, // a customer joins
    steps: () => [
      step(
        `INSERT INTO customers (public_id, name, email, tier, active, credit_limit, interests, profile, created_at)
         VALUES (unhex(md5(uuid())), ?, 'new@example.com', 'bronze', true, 100, '', '{"new": true}', now(6))`,
        `Ñew Customer ${upTo(1e6)}`,
      ),
    ],
  },
  {
    weight: 1, // an order gets another number
    steps: (size) => [
      chooseOrder(size),
      step("SELECT max(id) + 1 INTO @next FROM orders"),
      step("UPDATE order_items SET order_id = @next WHERE order_id = @chosen"),
      step("UPDATE orders SET id = @next WHERE id = @chosen"),
    ],
  },
  {
    weight: 1, // a customer gets another number
    steps: (size) => [
      chooseCustomer(size),
      step("SELECT max(id) + 1 INTO @next FROM customers"),
      step("UPDATE orders SET customer_id = @next WHERE customer_id = @chosen"),
      step("UPDATE customers SET id = @next WHERE id = @chosen"),
    ],
  },
  {
    weight: 1, // one page view of two equal ones is dropped
    steps: () => [step("DELETE FROM page_views LIMIT 1")],
  },
]

/** Now and then: one transaction that touches thousands of rows. */
export const bigHappening: Happening = {
  weight: 1,
  steps: ({ orders }) => {
    const from = upTo(orders)
    return [
      step("UPDATE orders SET total = round(total * 1.01, 2) WHERE id BETWEEN ? AND ?", from, from + 2000),
    ]
  },
}

export async function transact(client: Connection, steps: Step[]): Promise<void> {
  await client.beginTransaction()
  for (const { sql, values } of steps) await client.query(sql, values)
  await client.commit()
}
