import { upTo } from "../chance.ts"
import type { ShopSize } from "../shop-size.ts"

/** One kind of what happens in the shop: a statement (or several in one transaction) and the values for it. */
export interface Happening {
  name: string
  /** How often, compared with the others. */
  weight: number
  text: string
  values(size: ShopSize): (number | string)[]
}

// "The row at or after a number drawn": rows come and go, and the draw must not need to know which are there.
const someOrder = "(SELECT id FROM orders WHERE id >= $1 ORDER BY id LIMIT 1)"
const someCustomer = "(SELECT id FROM customers WHERE id >= $1 ORDER BY id LIMIT 1)"

/** Each is one transaction by itself. Together they do everything that replication must be able to follow. */
export const smallHappenings: readonly Happening[] = [
  {
    name: "order",
    weight: 38,
    text: `WITH o AS (
      INSERT INTO orders (customer_id, status, total, currency, note, placed_at, placed_local, risk)
      SELECT ${someCustomer}, 'new', round((random() * 900)::numeric, 2), 'EUR', 'made just now ✓', now(), localtimestamp, random()
      RETURNING id)
    INSERT INTO order_items
    SELECT o.id, line, 1 + floor(random() * $2::int)::int, $3, round((1 + random() * 400)::numeric, 2), null, false
    FROM o, generate_series(1, $3::int) line`,
    values: (size) => [upTo(size.customers), size.products, upTo(4)],
  },
  {
    name: "order moves on",
    weight: 22,
    text: `UPDATE orders SET status = CASE status WHEN 'new' THEN 'paid' WHEN 'paid' THEN 'packed' ELSE 'shipped' END::order_status,
      ship_by = current_date WHERE id = ${someOrder}`,
    values: (size) => [upTo(size.orders)],
  },
  {
    name: "page views",
    weight: 16,
    text: `INSERT INTO page_views SELECT now(), $1, '/just/now', random() * 100, 'agent/live' FROM generate_series(1, 2)`,
    values: (size) => [upTo(size.customers)],
  },
  {
    name: "customer returns",
    weight: 8,
    text: `UPDATE customers SET last_seen_at = now(), active = true, profile = profile || jsonb_build_object('visits', $2::int),
      interests = interests || 'Tëst'::text WHERE id = ${someCustomer}`,
    values: (size) => [upTo(size.customers), upTo(1000)],
  },
  {
    name: "price",
    weight: 6,
    text: "UPDATE products SET price = round((1 + random() * 400)::numeric, 2), stock = $2, rating = random() * 5 WHERE id = $1",
    values: (size) => [upTo(size.products), upTo(999)],
  },
  {
    name: "order cancelled",
    weight: 4,
    text: `DELETE FROM orders WHERE id = ${someOrder}`,
    values: (size) => [upTo(size.orders)],
  },
  {
    name: "customer joins",
    weight: 3,
    text: `INSERT INTO customers (public_id, name, email, tier, active, credit_limit, profile, created_at)
      VALUES (gen_random_uuid(), $1, 'new@example.com', 'bronze', true, 100, '{"new": true}', now())`,
    values: () => [`Ñew Customer ${upTo(1e6)}`],
  },
  {
    name: "order gets another number",
    weight: 1,
    text: `UPDATE orders SET id = nextval(pg_get_serial_sequence('orders', 'id')) WHERE id = ${someOrder}`,
    values: (size) => [upTo(size.orders)],
  },
  {
    name: "customer gets another number",
    weight: 1,
    text: `UPDATE customers SET id = nextval(pg_get_serial_sequence('customers', 'id')) WHERE id = ${someCustomer} AND id > 1`,
    values: (size) => [upTo(size.customers)],
  },
  {
    name: "one page view of two equal ones is dropped",
    weight: 1,
    text: "DELETE FROM page_views WHERE ctid = (SELECT ctid FROM page_views OFFSET $1 LIMIT 1)",
    values: () => [upTo(1000)],
  },
]

/** Now and then: one transaction that touches thousands of rows. */
export const bigHappening: Happening = {
  name: "prices of thousands of orders",
  weight: 1,
  text: "UPDATE orders SET total = round(total * 1.01, 2) WHERE id BETWEEN $1 AND $1 + 2000",
  values: (size) => [upTo(size.orders)],
}
