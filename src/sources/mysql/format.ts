import { z } from "zod"
import { databaseArn } from "../../configuration/entries/database-source.ts"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { saidOnce, securedUrl, tlsBlock } from "../../configuration/tls/block.ts"
import { tlsFileOfOthers } from "../../configuration/tls/files.ts"
import { tlsOfUrl } from "../../configuration/tls/settings.ts"
import { text } from "../../configuration/values.ts"
import type { DatabaseSource } from "../../domain/configuration.ts"
import { mysqlTls, mysqlUrlMistake } from "./url.ts"

const written = z.strictObject({
  arn: databaseArn.describe("by which integrations name it: a database's or cluster's ARN that you choose"),
  engine: z.literal("mysql"),
  url: text
    .superRefine((url, context) => {
      const mistake = mysqlUrlMistake(url) ?? certificateOfOthers(url)
      if (mistake !== undefined) context.addIssue(mistake)
    })
    .describe("`mysql://user:password@host:3306/`"),
  tls: tlsBlock.optional().describe("TLS to the server; usual: as the url says, or none"),
})

export const mysqlFormat: EntryFormat<DatabaseSource> = {
  name: "mysql",
  keys: Object.keys(written.shape),
  entry: written.superRefine(saidOnce(mysqlTls)).transform(({ url, tls, ...one }) => ({ folder }) => ({
    ...one,
    url: securedUrl({ url, tls }, folder, mysqlTls),
  })),
}

function certificateOfOthers(url: string): string | undefined {
  const others = tlsFileOfOthers(tlsOfUrl(new URL(url), mysqlTls) ?? {})
  return others && `a file of TLS is not yours alone: ${others}`
}
