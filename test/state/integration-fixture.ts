import { randomUUID } from "node:crypto"
import { after, before } from "node:test"
import type { Destination, Integration } from "../../src/domain/integration.ts"
import { integrationArn } from "../../src/domain/text-forms/arn.ts"
import { openStore, type Store, type StoreOptions } from "../../src/state/store.ts"
import { stateDatabase } from "../support/postgres/state-database.ts"
import { secretKeysOfTests } from "../support/secret-keys.ts"

export const account = "123456789012"
export const region = "us-east-1"

/** A recorded-to-be integration that clashes with no other unless told to. */
export function anIntegration(changes: Partial<Integration> = {}): Integration {
  const id = randomUUID()
  return {
    id,
    arn: integrationArn({ service: "rds", region, account, id }),
    service: "rds",
    name: `i-${id}`,
    description: undefined,
    sourceArn: `arn:aws:rds:${region}:${account}:db:s${id}`,
    targetArn: `arn:aws:redshift-serverless:${region}:${account}:namespace/main`,
    dataFilter: "include: shop.*.*",
    isFilterPending: false,
    kmsKeyId: undefined,
    additionalEncryptionContext: {},
    tags: [],
    status: "creating",
    errors: [],
    createdAt: new Date(),
    ...changes,
  }
}

export function destinationsFor(integration: Integration): Destination[] {
  return [{ sourceDatabase: "shop", destinationDatabase: integration.name.replaceAll("-", "_") }]
}

export function insertInto(store: Store, integration: Integration): Promise<Integration> {
  return store.integrations.insert(integration, destinationsFor(integration))
}

/** A store on a database of its own for the tests of one file. */
export function storeForTests(options: StoreOptions = {}): { readonly store: Store; readonly url: string } {
  let opened: { store: Store; url: string; drop(): Promise<void> } | undefined
  before(async () => {
    const database = await stateDatabase()
    opened = {
      store: await openStore(database.url, { secretKeys: secretKeysOfTests(), ...options }),
      url: database.url,
      drop: database.drop,
    }
  })
  after(async () => {
    await opened?.store.close()
    await opened?.drop()
  })
  const ready = () => {
    if (opened === undefined) throw new Error("used before the tests began")
    return opened
  }
  return {
    get store() {
      return ready().store
    },
    get url() {
      return ready().url
    },
  }
}
