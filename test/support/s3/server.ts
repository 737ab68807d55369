import { rm } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"
import S3rver from "@20minutes/s3rver"
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3"
import type { ServiceSource } from "../../../src/domain/configuration.ts"
import { temporaryFolder } from "../temporary-folder.ts"

/** The key pair that the server knows. */
export const s3Keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" }

export interface TestBucket {
  name: string
  endpoint: string
  source: ServiceSource
  /** The new object's etag, without quotes. */
  put(key: string, body: string | Uint8Array): Promise<string>
  /** One object of several parts (of 5 MB at least, but the last), none of which is held longer than it is sent. */
  putParts(key: string, parts: Iterable<Uint8Array>): Promise<void>
  remove(key: string): Promise<void>
}

/** An S3 server of the test's own, on a folder, with one bucket. */
export async function testBucket(
  context: TestContext,
  name = "landing",
  { checksSignatures = false } = {},
): Promise<TestBucket> {
  const directory = await temporaryFolder("s3")
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    // It forgets the slash behind a bucket when it computes the signature of a listing.
    allowMismatchedSignatures: !checksSignatures,
    directory,
    configureBuckets: [{ name, configs: [] }],
  })
  const { port }: AddressInfo = await server.run()
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: s3Keys,
    // The server keeps the trailing checksums of newer clients as part of the object.
    requestChecksumCalculation: "WHEN_REQUIRED",
  })
  context.after(async () => {
    client.destroy()
    const closed = server.close()
    // A Millrace that still lists the bucket keeps its connection in use: the server would never be closed.
    server.httpServer?.closeAllConnections()
    await closed
    await rm(directory, { recursive: true, force: true })
  })
  return {
    name,
    endpoint,
    source: { arn: `arn:aws:s3:::${name}`, engine: "s3", endpoint, ...s3Keys },
    async put(key, body) {
      const answer = await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }))
      return (answer.ETag ?? "").replaceAll('"', "")
    },
    async putParts(Key, parts) {
      const place = { Bucket: name, Key }
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(place))
      const Parts: { ETag: string | undefined; PartNumber: number }[] = []
      for (const Body of parts) {
        const PartNumber = Parts.length + 1
        const { ETag } = await client.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body }))
        Parts.push({ ETag, PartNumber })
      }
      await client.send(
        new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }),
      )
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))
    },
  }
}
