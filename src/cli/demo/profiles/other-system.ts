import { randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { WebhookConfiguration } from "../../../domain/configuration.ts"
import type { DemoFolder } from "../folder.ts"
import { cloudPlace } from "../millrace.ts"
import { type Bucket, bucketName, keys, startBucket } from "../s3/bucket.ts"
import type { Stage } from "../screen/story.ts"
import type { SourceEntry } from "../source.ts"

/** What profiles come from and tell, besides the shop. */
export interface OtherSystem {
  bucket: Bucket
  /** As millrace.yaml lists the bucket. */
  entry: SourceEntry
  webhook: WebhookConfiguration
  /** Bodies that the webhook was sent, oldest first. */
  told: Record<string, unknown>[]
}

/** Starts an S3 server with a bucket, and a webhook. */
export async function startOtherSystem(
  { belongings, screen }: Stage,
  folder: DemoFolder,
): Promise<OtherSystem> {
  await mkdir(folder.bucketPath, { recursive: true, mode: 0o700 })
  const bucket = await belongings.own(
    () => startBucket(folder.bucketPath, cloudPlace().region),
    (started) => started.stop(),
  )
  const told: Record<string, unknown>[] = []
  const hook = await belongings.own(
    () => startHook(told),
    (started) => started.stop(),
  )
  screen.say(
    `Another system has a bucket named ${bucketName} on port ${bucket.port}, and a webhook on port ${hook.port}.`,
  )
  const secret = randomBytes(16).toString("hex")
  const webhook = { url: `http://127.0.0.1:${hook.port}/wishes`, secret }
  return { bucket, entry: entryOf(bucket), webhook, told }
}

function entryOf({ endpoint }: Bucket): SourceEntry {
  return {
    arn: `arn:aws:s3:::${bucketName}`,
    engine: "s3",
    endpoint,
    access_key_id: keys.accessKeyId,
    secret_access_key: keys.secretAccessKey,
    list_every: "1s",
  }
}

async function startHook(
  told: Record<string, unknown>[],
): Promise<{ port: number; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (text: string) => {
      body += text
    })
    request.on("end", () => {
      told.push(JSON.parse(body) as Record<string, unknown>)
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
