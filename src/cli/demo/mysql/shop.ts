import { itemsPerOrder, type ShopSize } from "../shop-size.ts"
import { type Address, connect } from "./client.ts"

// As many kinds of types as a shop has use for: what a warehouse gets wrong is rarely an integer. No foreign keys that
// change rows: the server's log does not tell what they do.
const tables = [
  `CREATE TABLE customers (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, public_id binary(16) NOT NULL, name varchar(120) NOT NULL,
    email varchar(120) NOT NULL, tier enum('bronze', 'silver', 'gold', 'plätinum') NOT NULL, active boolean NOT NULL,
    birthday date, credit_limit decimal(12,2) NOT NULL, score float, interests set('tea', 'music', 'ünïcödé') NOT NULL,
    profile json NOT NULL, last_ip inet6, created_at timestamp(6) NOT NULL DEFAULT current_timestamp(6),
    last_seen_at datetime(6))`,
  `CREATE TABLE products (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, sku char(14) NOT NULL, category varchar(40) NOT NULL,
    title varchar(120) NOT NULL, description text NOT NULL, price decimal(10,2) NOT NULL, weight_kg decimal(30,15),
    rating double, thumbnail varbinary(64), stock smallint NOT NULL, flags bit(3) NOT NULL, warranty time,
    first_year year, listed_on date NOT NULL)`,
  `CREATE TABLE orders (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id bigint unsigned NOT NULL,
    status enum('new', 'paid', 'packed', 'shipped', 'returned') NOT NULL, total decimal(14,2) NOT NULL,
    currency char(3) NOT NULL, coupon binary(16), note text, placed_at datetime NOT NULL, ship_by date, risk double,
    KEY (customer_id))`,
  `CREATE TABLE order_items (
    order_id bigint NOT NULL, line tinyint unsigned NOT NULL, product_id int unsigned NOT NULL, quantity int NOT NULL,
    unit_price decimal(10,2) NOT NULL, discount float, gift boolean NOT NULL, PRIMARY KEY (order_id, line))`,
  // No key at all, and rows that repeat.
  `CREATE TABLE page_views (
    viewed_at datetime(3) NOT NULL, customer_id bigint unsigned, path varchar(200) NOT NULL, took_ms double, agent varchar(80))`,
]

const customers = (count: number) => `INSERT INTO customers
  SELECT seq, unhex(md5(concat('c', seq))),
    concat(elt(1 + seq % 8, 'Ada Lovelace', 'José Núñez', 'Zoë Müller', '李小龙', 'Наталья Ким', 'أمينة حداد', 'O''Brien "Bo"', '🦆 Duck'), ' ', seq),
    concat('customer', seq, '@example.com'), elt(1 + seq % 4, 'bronze', 'silver', 'gold', 'plätinum'), seq % 7 <> 0,
    if(seq % 5 > 0, date '1940-01-01' + INTERVAL seq * 37 % 25000 DAY, null), round(rand() * 100000, 2),
    if(seq % 3 > 0, rand() * 100, null), elt(1 + seq % 4, '', 'tea', 'tea,music', 'ünïcödé'),
    json_object('lang', elt(1 + seq % 4, 'en', 'de', 'zh', 'ru'), 'visits', seq % 90, 'nested', json_object('ok', seq % 2 = 0)),
    if(seq % 6 > 0, concat('2001:db8::', hex(1 + seq % 60000)), null),
    timestamp '2019-01-01 00:00:00' + INTERVAL seq % 10000000 * 61.001 SECOND, null
  FROM seq_1_to_${count}`

const products = (count: number) => `INSERT INTO products
  SELECT seq, concat('SKU-', seq), elt(1 + seq % 8, 'books', 'garden', 'kitchen', 'music', 'outdoors', 'toys', 'bags', 'light'),
    concat('Product № ', seq), if(seq % 10 = 0, repeat(concat(md5(seq), ' '), 90), concat('A fine thing, ', md5(seq))),
    round(1 + rand() * 400, 2), if(seq % 4 > 0, rand() * 10, null), rand() * 5,
    if(seq % 2 = 0, unhex(md5(seq)), null), seq % 1000, seq % 8, if(seq % 6 > 0, sec_to_time(seq * 977 % 3000000), null),
    1990 + seq % 60, date '2015-06-01' + INTERVAL seq % 3000 DAY
  FROM seq_1_to_${count}`

const orders = (count: number, customerCount: number) => `INSERT INTO orders
  SELECT seq, 1 + seq * 7919 % ${customerCount}, elt(1 + seq % 5, 'new', 'paid', 'packed', 'shipped', 'returned'),
    round(rand() * 900, 2), elt(1 + seq % 3, 'EUR', 'USD', 'JPY'), if(seq % 20 = 0, unhex(md5(concat('k', seq))), null),
    if(seq % 11 = 0, concat('two\\nlines and a \\ttab, № ', seq), null), timestamp '2024-01-01 00:00:00' + INTERVAL seq * 97 SECOND,
    if(seq % 4 > 0, date '2024-01-05' + INTERVAL seq DIV 900 DAY, null), rand()
  FROM seq_1_to_${count}`

const orderItems = (orderCount: number, productCount: number) => `INSERT INTO order_items
  SELECT o.seq, line.seq, 1 + (o.seq * 31 + line.seq * 17) % ${productCount}, 1 + (o.seq + line.seq) % 5,
    round(1 + rand() * 400, 2), if(o.seq % 8 = 0, 0.15, null), o.seq % 13 = 0
  FROM seq_1_to_${orderCount} o JOIN seq_1_to_${itemsPerOrder} line`

const pageViews = (count: number) => `INSERT INTO page_views
  SELECT timestamp '2024-06-01 00:00:00' + INTERVAL seq DIV 2 * 5.25 SECOND, if(seq DIV 2 % 3 > 0, seq DIV 2 % 5000, null),
    concat('/', elt(1 + seq DIV 2 % 5, '', 'books', 'garden', 'cart', 'søk?q=ølglass')), (seq DIV 2 % 977) / 7.0,
    concat('agent/', seq DIV 2 % 40)
  FROM seq_1_to_${count}`

/** Makes a database and fills it with a shop. */
export async function makeShop(address: Address, database: string, size: ShopSize): Promise<void> {
  const client = await connect(address)
  try {
    await client.query(`CREATE DATABASE ${database}`)
    await client.query(`USE ${database}`)
    const rows = [
      customers(size.customers),
      products(size.products),
      orders(size.orders, size.customers),
      orderItems(size.orders, size.products),
      ...(size.pageViews > 0 ? [pageViews(size.pageViews)] : []),
    ]
    for (const statement of [...tables, ...rows]) await client.query(statement)
  } finally {
    await client.end()
  }
}
