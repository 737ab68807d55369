import { z } from "zod"
import { databaseArn } from "../../configuration/entries/database-source.ts"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { intrusion } from "../../configuration/trust/trusted-path.ts"
import { text } from "../../configuration/values.ts"
import type { DatabaseSource } from "../../domain/configuration.ts"
import { mysqlUrlMistake } from "./url.ts"

const written = z.strictObject({
  arn: databaseArn.describe("by which integrations name it: a database's or cluster's ARN that you choose"),
  engine: z.literal("mysql"),
  url: text
    .superRefine((url, context) => {
      const mistake = mysqlUrlMistake(url) ?? certificateOfOthers(url)
      if (mistake !== undefined) context.addIssue(mistake)
    })
    .describe("`mysql://user:password@host:3306/`, with `ssl-mode` and `ssl-ca` where it takes TLS"),
})

export const mysqlFormat: EntryFormat<DatabaseSource> = {
  name: "mysql",
  keys: Object.keys(written.shape),
  entry: written.transform((source) => () => source),
}

/** Whoever writes the file that a server's certificate is judged by can stand between it and us. */
function certificateOfOthers(url: string): string | undefined {
  const path = new URL(url).searchParams.get("ssl-ca")
  const others = path === null ? undefined : intrusion(path)
  return others && `the file of ssl-ca is not yours alone: ${others}`
}
