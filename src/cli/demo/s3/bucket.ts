import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3"
import { within } from "../../../concurrency/deadline.ts"

export const bucketName = "landing"
export const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" }

export interface Bucket {
  endpoint: string
  port: number
  put(key: string, body: string): Promise<void>
  stop(): Promise<void>
}

const stopLimitMs = 2_000

/** An S3 server in this process, on a folder: it ends with us, whatever happens. */
export async function startBucket(folder: string, region: string): Promise<Bucket> {
  const { default: S3rver } = await import("@20minutes/s3rver")
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    // It forgets the slash behind a bucket when it computes the signature of a listing.
    allowMismatchedSignatures: true,
    directory: folder,
    configureBuckets: [{ name: bucketName, configs: [] }],
  })
  const { port } = await server.run()
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    // A copy, for the client writes notes of its own into it.
    credentials: { ...keys },
    // The server keeps the trailing checksums of newer clients as part of the object.
    requestChecksumCalculation: "WHEN_REQUIRED",
  })
  const coming = new Set<Promise<unknown>>()
  return {
    endpoint,
    port,
    async put(key, body) {
      const sent = client.send(new PutObjectCommand({ Bucket: bucketName, Key: key, Body: body }))
      coming.add(sent)
      await sent.finally(() => coming.delete(sent))
    },
    async stop() {
      // A server that ends while an object comes prints a complaint of its log to stderr.
      await within(stopLimitMs, Promise.allSettled(coming))
      client.destroy()
      await server.close()
    },
  }
}
