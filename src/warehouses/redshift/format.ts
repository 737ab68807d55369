import { z } from "zod"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { warehouseKeys } from "../../configuration/entries/warehouse.ts"
import { postgresUrl } from "../../configuration/postgres-url.ts"
import { saidOnce, securedUrl, tlsBlock } from "../../configuration/tls/block.ts"
import { libpqTls } from "../../configuration/tls/settings.ts"
import { text } from "../../configuration/values.ts"
import type { WarehouseConfiguration } from "../../domain/configuration.ts"
import { tableKey } from "../../domain/table.ts"
import type { SignIn } from "./connection/sign-in.ts"
import { awsKey, httpUrl, region, roleArns, signIn } from "./connection/sign-in-format.ts"
import type { Layout } from "./naming.ts"
import type { TableLayout } from "./render/tables.ts"
import type { StagingConfiguration } from "./staging/bucket.ts"

/** A warehouse that loads from a bucket, reached by a user that may make what the layout needs. */
export interface RedshiftWarehouseConfiguration extends WarehouseConfiguration {
  url: string
  layout: Layout
  /** Absent: by the user and password of the url. */
  signIn?: SignIn
  staging: StagingConfiguration
  /** By which COPY reads the bucket; absent: by the keys of `staging`. */
  iamRole?: string
  /** By `tableKey`; of others the warehouse chooses. */
  layouts: ReadonlyMap<string, TableLayout>
}

const bucketUrl = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9!_.*()/-]*))?$/
const staging = z
  .strictObject({
    bucket: text
      .regex(bucketUrl, "must be like s3://bucket or s3://bucket/folder")
      .describe("where files wait for COPY, as `s3://bucket/folder`"),
    region: region.describe("of the bucket"),
    endpoint: httpUrl.optional().describe("`http(s)://host:port`; usual: the cloud's own"),
    iam_role: text
      .regex(roleArns, "must be a role's ARN, or a chain of them with commas between")
      .optional()
      .describe("by which COPY reads the bucket; usual: by the keys"),
    access_key_id: awsKey.optional().describe("with `secret_access_key`; usual: the environment's"),
    secret_access_key: awsKey.meta({ secret: true }).optional().describe("its secret"),
    session_token: awsKey.meta({ secret: true }).optional().describe("of temporary keys"),
    kms_key_id: text.optional().describe("by which the bucket encrypts"),
  })
  .superRefine((given, context) => {
    if ((given.access_key_id === undefined) !== (given.secret_access_key === undefined))
      context.addIssue("must have both access_key_id and secret_access_key, or neither")
    if (given.iam_role === undefined && given.access_key_id === undefined)
      context.addIssue(
        "must say by what right COPY reads the bucket: iam_role, or access_key_id and secret_access_key",
      )
  })

const tableLayout = z
  .strictObject({
    distribution: z
      .enum(["auto", "even", "all"])
      .or(z.strictObject({ key: text.describe("the column by whose values rows are distributed") }))
      .default("auto")
      .describe("`auto`, `even`, `all`, or `{ key: COLUMN }`"),
    sort: z.array(text).default([]).describe("columns of the sort key"),
    truncate: z.array(text).default([]).describe("columns whose texts may be cut at 65,535 bytes"),
  })
  .transform(
    ({ distribution, sort, truncate }): TableLayout => ({
      distribution:
        typeof distribution === "string" ? { kind: distribution } : { kind: "key", column: distribution.key },
      sort,
      truncate,
    }),
  )

const tableName = text.regex(/^[^.]+\.[^.]+$/, "must be a table like schema.table")

const written = z.strictObject({
  ...warehouseKeys,
  engine: z.literal("redshift"),
  url: postgresUrl.describe("`postgres://user:password@host:5439/database`"),
  tls: tlsBlock.optional().describe("TLS to the warehouse; usual: `verify-full`"),
  layout: z
    .enum(["databases", "schemas"])
    .default("databases")
    .describe("a destination database is a database of its own, or schemas of the url's"),
  sign_in: signIn.optional().describe("how the user signs in; usual: by the url's password"),
  staging: staging.describe("the bucket it loads from"),
  tables: z
    .record(tableName, tableLayout)
    .default({})
    .describe("by `schema.table`: how tables are laid out; usual: as the warehouse chooses"),
})

export const redshiftWarehouseFormat: EntryFormat<RedshiftWarehouseConfiguration> = {
  name: "redshift",
  keys: Object.keys(written.shape),
  entry: written
    .superRefine(saidOnce(libpqTls))
    .transform(
      ({
        auto_create_database: autoCreateDatabase,
        staging: given,
        sign_in: asked,
        tables,
        url,
        tls,
        ...one
      }) =>
        ({ folder }) => ({
          ...one,
          url: securedUrl({ url, tls }, folder, libpqTls),
          autoCreateDatabase,
          ...(asked !== undefined && { signIn: asked }),
          staging: stagingFrom(given),
          ...(given.iam_role !== undefined && { iamRole: given.iam_role }),
          layouts: layoutsFrom(tables),
        }),
    ),
}

function stagingFrom(given: z.output<typeof staging>): StagingConfiguration {
  const [, bucket = "", folder = ""] = bucketUrl.exec(given.bucket) ?? []
  const { region, endpoint, kms_key_id: kmsKeyId } = given
  const {
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey,
    session_token: sessionToken,
  } = given
  return {
    bucket,
    prefix: folder.replace(/^\/+|\/+$/g, ""),
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined && { accessKeyId }),
    ...(secretAccessKey !== undefined && { secretAccessKey }),
    ...(sessionToken !== undefined && { sessionToken }),
    ...(kmsKeyId !== undefined && { kmsKeyId }),
  }
}

function layoutsFrom(tables: Readonly<Record<string, TableLayout>>): ReadonlyMap<string, TableLayout> {
  return new Map(
    Object.entries(tables).map(([whole, layout]) => {
      const [schema = "", name = ""] = whole.split(".")
      return [tableKey({ schema, name }), layout]
    }),
  )
}
