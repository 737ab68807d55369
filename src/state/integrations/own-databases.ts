import type { Kysely } from "kysely"
import type { StateSchema } from "../schema.ts"

/** Databases that no integration fills, by the warehouse they are in. */
export interface OwnDatabaseStore {
  /** Their names. */
  of(targetArn: string): Promise<string[]>
  /** Repeatable. False: one is there whose name differs only in case. */
  add(database: { targetArn: string; name: string; owner: string }): Promise<boolean>
  remove(targetArn: string, name: string): Promise<void>
}

export function ownDatabaseStore(db: Kysely<StateSchema>): OwnDatabaseStore {
  const of = async (targetArn: string) => {
    const rows = await db
      .selectFrom("own_databases")
      .select("name")
      .where("target_arn", "=", targetArn)
      .orderBy("name")
      .execute()
    return rows.map(({ name }) => name)
  }
  return {
    of,
    async add({ targetArn, name, owner }) {
      await db
        .insertInto("own_databases")
        .values({ target_arn: targetArn, name, owner })
        .onConflict((clash) => clash.doNothing())
        .execute()
      return (await of(targetArn)).includes(name)
    },
    async remove(targetArn, name) {
      await db
        .deleteFrom("own_databases")
        .where("target_arn", "=", targetArn)
        .where("name", "=", name)
        .execute()
    },
  }
}
