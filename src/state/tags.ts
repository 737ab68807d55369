import { type Kysely, sql } from "kysely"
import { Fault } from "../domain/faults.ts"
import type { Tag } from "../domain/integration.ts"
import { parseIntegrationArn } from "../domain/text-forms/arn.ts"
import type { StateSchema } from "./schema.ts"

/** Tags of anything that has an ARN. Those of an integration are part of it and go with it. */
export interface TagStore {
  of(resourceArn: string): Promise<Tag[]>
  /** The tags of all of them, by ARN; those without tags may be missing. */
  ofAll(resourceArns: readonly string[]): Promise<Map<string, Tag[]>>
  /**
   * Replaces the tags by what `change` makes of them; of two changes at once neither is lost. What `change` throws
   * leaves everything as it was.
   *
   * @throws Fault integrationNotFound
   */
  change(resourceArn: string, change: (tags: Tag[]) => Tag[]): Promise<void>
}

type Db = Kysely<StateSchema>

export function tagStore(db: Db): TagStore {
  const ofAll = (arns: readonly string[]) => tagsOf(db, arns)
  return {
    of: async (arn) => (await ofAll([arn])).get(arn) ?? [],
    ofAll,
    change: (arn, change) => changeTags(db, arn, change),
  }
}

async function tagsOf(db: Db, arns: readonly string[]): Promise<Map<string, Tag[]>> {
  if (arns.length === 0) return new Map()
  const rows = await db
    .selectFrom("integrations")
    .select(["arn", "tags"])
    .where("arn", "in", arns)
    .unionAll(
      db
        .selectFrom("resource_tags")
        .select(["resource_arn as arn", "tags"])
        .where("resource_arn", "in", arns),
    )
    .execute()
  return new Map(rows.map(({ arn, tags }) => [arn, tags]))
}

async function changeTags(db: Db, arn: string, change: (tags: Tag[]) => Tag[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const integration = await transaction
      .selectFrom("integrations")
      .select("tags")
      .where("arn", "=", arn)
      .forUpdate()
      .executeTakeFirst()
    if (integration !== undefined) {
      const tags = asJson(change(integration.tags))
      await transaction.updateTable("integrations").set({ tags }).where("arn", "=", arn).execute()
      return
    }
    // Deleted since it was looked up: its tags must not outlive it.
    if (parseIntegrationArn(arn) !== undefined) {
      throw new Fault("integrationNotFound", `There is no integration ${arn}.`)
    }
    // Only a row that exists can be locked.
    await transaction
      .insertInto("resource_tags")
      .values({ resource_arn: arn, tags: asJson([]) })
      .onConflict((clash) => clash.doNothing())
      .execute()
    const { tags } = await transaction
      .selectFrom("resource_tags")
      .select("tags")
      .where("resource_arn", "=", arn)
      .forUpdate()
      .executeTakeFirstOrThrow()
    await transaction
      .updateTable("resource_tags")
      .set({ tags: asJson(change(tags)) })
      .where("resource_arn", "=", arn)
      .execute()
  })
}

/** The driver would write a JavaScript array as a PostgreSQL array. */
function asJson(tags: Tag[]) {
  return sql<Tag[]>`${JSON.stringify(tags)}::jsonb`
}
