import assert from "node:assert/strict"
import { test } from "node:test"
import { isNew } from "../../src/cli/verify.ts"
import type { VerifiedTable } from "../../src/control-plane/pipelines/verification-report.ts"

test("each table is told of once, also when those of another source database come before it", () => {
  const table = (sourceDatabase: string, name: string) =>
    ({ sourceDatabase, schema: "public", name }) as VerifiedTable
  const [orders, customers, namesake] = [
    table("shop", "orders"),
    table("crm", "customers"),
    table("crm", "orders"),
  ]
  const shown = new Set<string>()
  const told = [[orders], [customers, orders], [customers, namesake, orders]].map((report) =>
    report.filter((one) => isNew(one, shown)),
  )
  assert.deepEqual(told, [[orders], [customers], [namesake]])
})
