import type { Kysely } from "kysely"
import type { StateSchema } from "./schema.ts"

export interface ResourcePolicyStore {
  /** The policy document as it was given. */
  of(resourceArn: string): Promise<string | undefined>
  /** Replaces the whole document. */
  put(resourceArn: string, policy: string): Promise<void>
  /** False when there was none. */
  remove(resourceArn: string): Promise<boolean>
}

export function resourcePolicyStore(db: Kysely<StateSchema>): ResourcePolicyStore {
  return {
    of: async (resourceArn) => {
      const row = await db
        .selectFrom("resource_policies")
        .select("policy")
        .where("resource_arn", "=", resourceArn)
        .executeTakeFirst()
      return row?.policy
    },
    put: async (resourceArn, policy) => {
      const row = { policy, updated_at: new Date() }
      await db
        .insertInto("resource_policies")
        .values({ resource_arn: resourceArn, ...row })
        .onConflict((clash) => clash.column("resource_arn").doUpdateSet(row))
        .execute()
    },
    remove: async (resourceArn) => {
      const { numDeletedRows } = await db
        .deleteFrom("resource_policies")
        .where("resource_arn", "=", resourceArn)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
  }
}
