import { randomBytes } from "node:crypto"
import type { Kysely } from "kysely"
import {
  foldName,
  type Grant,
  type GrantScope,
  type Privilege,
  type SqlAccount,
} from "../domain/sql-access.ts"
import { brokenConstraint } from "./connection.ts"
import type { SqlUserRow, StateSchema } from "./schema.ts"

/** Of the secret that logins of unknown users are answered from. */
const loginSecretBytes = 32

export interface SqlUserStore {
  /** Random bytes, the same for every process on this database and after every restart. */
  loginSecret(): Promise<Buffer>
  all(): Promise<SqlAccount[]>
  grants(): Promise<Grant[]>
  /** False: the name is taken. */
  add(account: SqlAccount): Promise<boolean>
  /** False: there is no such user. */
  change(name: string, changes: Partial<Omit<SqlAccount, "name">>): Promise<boolean>
  /** With all its grants. False: there is no such user. */
  remove(name: string): Promise<boolean>
  /** Repeatable. */
  grant(grants: readonly Grant[]): Promise<void>
  /** Repeatable. Takes the narrower grants within each along. */
  revoke(grants: readonly Grant[]): Promise<void>
  /** Every grant on a database that is gone, so that its successor of the same name begins without any. */
  forgetDatabase(database: string): Promise<void>
}

type Db = Kysely<StateSchema>

export function sqlUserStore(db: Db): SqlUserStore {
  return {
    loginSecret: () => loginSecret(db),
    all: async () => (await db.selectFrom("sql_users").selectAll().orderBy("name").execute()).map(fromRow),
    grants: async () => (await db.selectFrom("sql_grants").selectAll().execute()).map(grantFrom),
    add: (account) => add(db, account),
    change: async (name, changes) => {
      const set = columnsOf(changes)
      if (Object.keys(set).length === 0) return exists(db, name)
      const result = await db.updateTable("sql_users").set(set).where("name", "=", name).executeTakeFirst()
      return result.numUpdatedRows > 0n
    },
    remove: (name) => remove(db, name),
    grant: async (grants) => {
      if (grants.length === 0) return
      await db
        .insertInto("sql_grants")
        .values(grants.map(grantRow))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    revoke: (grants) => revoke(db, grants),
    forgetDatabase: async (database) => {
      await db.deleteFrom("sql_grants").where("database", "=", foldName(database)).execute()
    },
  }
}

async function loginSecret(db: Db): Promise<Buffer> {
  // Whoever comes first makes it; several may begin at once.
  await db
    .insertInto("secrets")
    .values({ name: "login", value: randomBytes(loginSecretBytes) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return (
    await db.selectFrom("secrets").select("value").where("name", "=", "login").executeTakeFirstOrThrow()
  ).value
}

async function exists(db: Db, name: string): Promise<boolean> {
  const row = await db.selectFrom("sql_users").select("name").where("name", "=", name).executeTakeFirst()
  return row !== undefined
}

async function add(db: Db, account: SqlAccount): Promise<boolean> {
  try {
    const { isSuperuser, canCreateDatabases, verifier, validUntil } = account
    await db
      .insertInto("sql_users")
      .values({
        name: account.name,
        superuser: isSuperuser,
        create_databases: canCreateDatabases,
        verifier,
        valid_until: validUntil,
      })
      .execute()
    return true
  } catch (error) {
    if (brokenConstraint(error) !== "sql_users_pkey") throw error
    return false
  }
}

async function remove(db: Db, name: string): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom("sql_grants").where("grantee", "=", name).execute()
    const result = await transaction.deleteFrom("sql_users").where("name", "=", name).executeTakeFirst()
    return result.numDeletedRows > 0n
  })
}

/** What is taken away from a schema or a database is taken away from everything in it. */
async function revoke(db: Db, grants: readonly Grant[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const { grantee, privilege, database, schema, table } of grants) {
      let query = transaction
        .deleteFrom("sql_grants")
        .where("grantee", "=", grantee)
        .where("privilege", "=", privilege)
        .where("database", "=", database)
      if (schema !== "") query = query.where("schema", "=", schema)
      if (table !== "") query = query.where("table_name", "=", table)
      await query.execute()
    }
  })
}

function columnsOf(changes: Partial<Omit<SqlAccount, "name">>) {
  return {
    ...(changes.isSuperuser !== undefined && { superuser: changes.isSuperuser }),
    ...(changes.canCreateDatabases !== undefined && { create_databases: changes.canCreateDatabases }),
    ...(changes.verifier !== undefined && { verifier: changes.verifier }),
    ...(changes.validUntil !== undefined && { valid_until: changes.validUntil }),
  }
}

function fromRow(row: SqlUserRow): SqlAccount {
  return {
    name: row.name,
    isSuperuser: row.superuser,
    canCreateDatabases: row.create_databases,
    verifier: row.verifier,
    validUntil: row.valid_until,
  }
}

function grantRow({ grantee, privilege, database, schema, table }: Grant) {
  return { grantee, privilege, database, schema, table_name: table }
}

function grantFrom(
  row: { grantee: string; privilege: Privilege; table_name: string } & Omit<GrantScope, "table">,
): Grant {
  const { grantee, privilege, database, schema, table_name: table } = row
  return { grantee, privilege, database, schema, table }
}
