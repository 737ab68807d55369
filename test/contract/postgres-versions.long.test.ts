/** The contract on versions of PostgreSQL that people run as a warehouse, besides the one that npm brings. */

import { binariesOfVersion, otherVersions } from "../support/postgres/postgres-versions.ts"
import { serverOfVersion, type TestServer } from "../support/postgres.ts"
import { inSchemas } from "./postgres-under-contract.ts"
import { describeWarehouse } from "./warehouse.ts"

/** Older ones are refused by `check`. */
const oldest = 14

for (const version of otherVersions.filter(
  (one) => one >= oldest && typeof binariesOfVersion(one) !== "string",
)) {
  let running: Promise<TestServer> | undefined
  describeWarehouse(`postgres ${version}`, async () => {
    running ??= serverOfVersion(version).then(({ server, skip }) => {
      if (server === undefined) throw new Error(skip)
      return server
    })
    return await inSchemas((await running).url("postgres"))
  })
}
