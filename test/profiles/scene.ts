import { after, before } from "node:test"
import { type IngestBatch, ingestObjects } from "../../src/profiles/ingest/ingest.ts"
import type { Outcome } from "../../src/profiles/ingest/outcome.ts"
import type { ProfileStore } from "../../src/state/profiles/profile-store.ts"
import type { NewObjectType, ProfileRecord } from "../../src/state/profiles/records.ts"
import { openStore, type Store } from "../../src/state/store.ts"
import { stateDatabase } from "../support/postgres/state-database.ts"
import type { TestDatabase } from "../support/postgres.ts"

let domains = 0

/** A state database with room for as many domains as a file's tests want. */
export function profilesForTests() {
  const scene = { store: undefined as Store | undefined, database: undefined as TestDatabase | undefined }
  before(async () => {
    scene.database = await stateDatabase()
    scene.store = await openStore(scene.database.url)
  })
  after(async () => {
    await scene.store?.close()
    await scene.database?.drop()
  })
  const opened = () => {
    if (scene.store === undefined) throw new Error("the state database is not open yet")
    return scene.store
  }
  return {
    get store(): ProfileStore {
      return opened().profiles
    },
    get all(): Store {
      return opened()
    },
    get url(): string {
      return scene.database?.url ?? ""
    },
  }
}

/** A new domain with these object types. */
export async function domainWith(store: ProfileStore, types: readonly NewObjectType[]): Promise<string> {
  domains += 1
  const name = `domain-${domains}`
  await domainNamed(store, name)
  await store.change(name, async (locked) => {
    for (const type of types) await locked.types.put(type)
  })
  return name
}

/** A domain with its usual settings. */
export async function domainNamed(store: ProfileStore, name: string): Promise<void> {
  await store.domains.add(name, {
    defaultExpirationDays: 366,
    defaultEncryptionKey: undefined,
    deadLetterQueueUrl: undefined,
    matching: undefined,
    ruleBasedMatching: undefined,
    dataStore: undefined,
    tags: {},
  })
}

/** An object type with its usual properties, and these. */
export function objectType(name: string, given: Partial<NewObjectType>): NewObjectType {
  return {
    name,
    description: name,
    templateId: undefined,
    encryptionKey: undefined,
    expirationDays: undefined,
    allowProfileCreation: true,
    timestampFormat: undefined,
    maxProfileObjects: undefined,
    sourcePriority: undefined,
    fields: {},
    keys: {},
    tags: {},
    ...given,
  }
}

/** Takes objects as a call does. */
export async function ingest(
  store: ProfileStore,
  batch: Pick<IngestBatch, "domain" | "objectType">,
  objects: readonly object[],
): Promise<Outcome[]> {
  const texts = objects.map((one) => JSON.stringify(one))
  return await ingestObjects(store, { ...batch, performedBy: "test" }, texts)
}

export function profileIdOf(outcome: Outcome | undefined): string {
  if (outcome === undefined || outcome.kind === "rejected")
    throw new Error(`the object was not taken: ${JSON.stringify(outcome)}`)
  return outcome.profileId
}

export async function allProfiles(store: ProfileStore, domain: string): Promise<ProfileRecord[]> {
  return await (await store.read(domain)).profiles.list({ after: undefined, limit: 10_000 })
}
