/** People, a source and policies in a state database of the test's own, and a warehouse whose port keeps to them. */
import type { TestContext } from "node:test"
import { startGovernanceWatch } from "../../../src/control-plane/governance/enforcement/governance-watch.ts"
import { readPolicy } from "../../../src/control-plane/governance/enforcement/read-policy.ts"
import { insertPerson } from "../../../src/state/governance/people.ts"
import { insertPolicy } from "../../../src/state/governance/policies.ts"
import { insertSource } from "../../../src/state/governance/sources.ts"
import { putSubscription } from "../../../src/state/governance/subscriptions.ts"
import type { Change } from "../../../src/state/governance/transactions.ts"
import { openStore } from "../../../src/state/store.ts"
import { testWarehouse } from "../../sql-port/warehouse.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { secretKeysOfTests } from "../../support/secret-keys.ts"

const userPassword = "Sesame2024"

/** `shop.public.people`, registered as a source, and the users ada and bob, of whom ada is a person. */
export async function governedWarehouse(t: TestContext) {
  const state = await stateDatabase()
  const store = await openStore(state.url, { secretKeys: secretKeysOfTests() })
  const watch = await startGovernanceWatch({
    store: store.governance,
    everyMs: 100,
    onError: () => undefined,
  })
  const warehouse = await testWarehouse(t, {
    policies: { now: watch.now, readPolicy, store: store.governance },
    audit: store.audit,
  })
  t.after(async () => {
    await watch.stop()
    await store.close()
    await state.drop()
  })
  const connection = await warehouse.instance.connect()
  await connection.run(`
    CREATE TABLE shop.public.people (id INTEGER, region VARCHAR, name VARCHAR, salary DECIMAL(10,2));
    INSERT INTO shop.public.people SELECT i, CASE i % 2 WHEN 0 THEN 'north' ELSE 'south' END, 'canary ' || i, i FROM range(1000) r(i)`)
  connection.closeSync()
  const admin = await warehouse.client("admin", "shop")
  for (const user of ["ada", "bob"]) {
    await admin.query(`CREATE USER ${user} PASSWORD '${userPassword}'`)
    await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user}`)
  }
  const change = <T>(run: (change: Change) => Promise<T>) => store.governance.change(run)
  return {
    ...warehouse,
    store,
    watch,
    admin,
    change,
    userClient: (user: string) => warehouse.client(user, "shop", { password: userPassword }),
    addPolicy: (document: PolicyDocument) => change((now) => insertPolicy(now, recordOf(document), "test")),
    ...(await change(peopleAndSource)),
  }
}

interface PolicyDocument {
  policyKey: string
  name: string
  type: "subscription" | "data"
}

function recordOf(document: PolicyDocument) {
  const { policyKey: key, name, type: kind } = document
  return { key, name, kind, isStaged: false, form: "v2" as const, document }
}

async function peopleAndSource(change: Change) {
  const person = { iamId: "bim", isDisabled: false, permissions: [], profile: {}, scim: undefined }
  const ada = await insertPerson(change, { ...person, userId: "ada@example.com", warehouseUser: "ada" })
  const source = await insertSource(change, {
    name: "people",
    table: { database: "shop", schema: "public", name: "people" },
    view: { schema: "governed", name: "people" },
    createdBy: "test",
  })
  return { ada, source }
}

export async function subscribe(change: Change, sourceId: number, personId: number): Promise<void> {
  await putSubscription(change, {
    model: { kind: "source", id: sourceId },
    subscriber: { kind: "person", id: personId },
    state: "subscribed",
    required: [],
    createdBy: "test",
  })
}

export const subscribedOnly = {
  policyKey: "subscribed",
  name: "Only who was subscribed",
  type: "subscription",
  circumstances: [{ type: "everything" }],
  subscription: { type: "manual" },
} as const

/** Rows of the person's regions; names hashed for all but auditors. */
export const ownRegion = {
  policyKey: "own-region",
  name: "Own region, names hashed",
  type: "data",
  rules: [
    { kind: "rowFilter", match: { column: "region", attribute: "region" } },
    {
      kind: "mask",
      columns: [{ name: "name" }],
      mask: { type: "hash" },
      unless: { any: [{ group: "auditors" }] },
    },
  ],
} as const
