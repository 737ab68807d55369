import { z } from "zod"
import { databaseArn, retention } from "../../configuration/entries/database-source.ts"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { postgresUrl } from "../../configuration/postgres-url.ts"
import { saidOnce, securedUrl, tlsBlock } from "../../configuration/tls/block.ts"
import { libpqTls } from "../../configuration/tls/settings.ts"
import type { DatabaseSource } from "../../domain/configuration.ts"

/** A server and the database of its URL, of which data filters may name others. */
export interface PostgresConfiguration extends DatabaseSource {
  /** Replication slots that a standby takes along, where the server can (PostgreSQL 17). */
  failoverSlots?: boolean
}

const written = z.strictObject({
  arn: databaseArn.describe("by which integrations name it: a database's or cluster's ARN that you choose"),
  engine: z.literal("postgres"),
  url: postgresUrl.describe(
    "`postgres://user:password@host:5432/database`; filters may name other databases there",
  ),
  tls: tlsBlock.optional().describe("TLS to the server; usual: as the url says, or none"),
  failover_slots: z
    .boolean()
    .optional()
    .describe("slots that a standby takes along (PostgreSQL 17 and newer); usual: not"),
  retention: retention.optional().describe("how much the server may keep for us; usual: without limit"),
})

export const postgresFormat: EntryFormat<PostgresConfiguration> = {
  name: "postgres",
  keys: Object.keys(written.shape),
  entry: written.superRefine(saidOnce(libpqTls)).transform(
    (one) =>
      ({ folder }) =>
        entryFrom(one, folder),
  ),
}

function entryFrom(
  { arn, engine, url, tls, failover_slots: failoverSlots, retention }: z.output<typeof written>,
  folder: string,
): PostgresConfiguration {
  return {
    arn,
    engine,
    url: securedUrl({ url, tls }, folder, libpqTls),
    ...(failoverSlots !== undefined && { failoverSlots }),
    ...(retention !== undefined && { retention }),
  }
}
