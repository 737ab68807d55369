/** The suites of a MySQL source on MariaDB 11.8: in `npm test` it runs the contract. */
import { newerMariaDbProduct, PRODUCT_VARIABLE } from "../../support/mysql/products.ts"

process.env[PRODUCT_VARIABLE] = newerMariaDbProduct.label

// After that: the suites read it when they are loaded.
await import("./types/types.test.ts")
await import("./changes.test.ts")
await import("./types/charsets.test.ts")
await import("./failover.test.ts")
await import("./history.test.ts")
await import("./settings.test.ts")
await import("./statements.test.ts")
