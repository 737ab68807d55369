/** The suites of a MySQL source on MariaDB 11.8: in `npm test` it runs the contract. */
import { newerMariaDbProduct, PRODUCT_VARIABLE } from "../support/mysql-products.ts"

process.env[PRODUCT_VARIABLE] = newerMariaDbProduct.label

// After that: the suites read it when they are loaded.
await import("./mysql-types.test.ts")
await import("./mysql-changes.test.ts")
await import("./mysql-charsets.test.ts")
await import("./mysql-failover.test.ts")
await import("./mysql-history.test.ts")
await import("./mysql-settings.test.ts")
await import("./mysql-statements.test.ts")
