import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  NoSuchKey,
  S3Client,
} from "@aws-sdk/client-s3"
import type { ServiceSource } from "../../domain/configuration.ts"
import type { ListedObject, ObjectStore } from "../../loading/object-store.ts"
import { parseBucketArn } from "./bucket-arn.ts"
import { objectProblem } from "./errors.ts"
import { ObjectReplaced, resumingBody } from "./resuming-body.ts"

const connectTimeoutMs = 10_000
const answerTimeoutMs = 60_000

/** A client for one configured bucket; without an endpoint, the cloud's own, without keys, those of the environment. */
function s3Client(source: ServiceSource, region: string): S3Client {
  const { endpoint, accessKeyId, secretAccessKey } = source
  const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined
  return new S3Client({
    region,
    // Named hosts for buckets exist at the cloud only.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(hasKeys && { credentials: { accessKeyId, secretAccessKey } }),
    requestHandler: { connectionTimeout: connectTimeoutMs, requestTimeout: answerTimeoutMs },
    maxAttempts: 3,
  })
}

/** What a configured source of the engine s3 holds. */
export function openBucket(source: ServiceSource, region: string): ObjectStore {
  const client = s3Client(source, region)
  const bucket = bucketOf(source)
  return {
    list: (prefix, signal) => list(client, bucket, prefix, signal),
    // The bucket is a part of the path there, and what resolves paths on the way would be led out of it.
    refusal: (key) =>
      source.endpoint !== undefined && key.split("/").some((part) => part === "." || part === "..")
        ? "The object's key has a part . or .., which may lead out of its bucket"
        : undefined,
    async open(key, signal) {
      const get = (from: number, etag: string | undefined) =>
        client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            ...(from > 0 && { Range: `bytes=${from}-` }),
            ...(etag !== undefined && { IfMatch: etag }),
          }),
          { ...(signal && { abortSignal: signal }) },
        )
      try {
        const first = await get(0, undefined)
        const etag = first.ETag ?? ""
        return {
          key,
          etag: bare(etag),
          sizeBytes: first.ContentLength ?? 0,
          modifiedAt: first.LastModified ?? new Date(),
          body: resumingBody(
            { body: first.Body, sizeBytes: first.ContentLength },
            async (from) => restOf(await get(from, etag), from, etag),
            (error) => objectProblem(error, bucket, `reading ${key}`),
          ),
        }
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined
        throw objectProblem(error, bucket, `opening ${key}`)
      }
    },
  }
}

/** Not every server minds If-Match and Range. */
function restOf({ Body, ETag, ContentRange }: GetObjectCommandOutput, from: number, etag: string): unknown {
  const isSame = ETag === etag && (from === 0 || ContentRange?.startsWith(`bytes ${from}-`) === true)
  if (isSame) return Body
  if (Body !== undefined && "destroy" in Body) Body.destroy()
  throw new ObjectReplaced("The object was replaced while it was read")
}

function bucketOf({ arn }: ServiceSource): string {
  return parseBucketArn(arn)?.name ?? ""
}

async function* list(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject[]> {
  let token: string | undefined
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(token !== undefined && { ContinuationToken: token }),
    })
    try {
      const page = await client.send(command, { ...(signal && { abortSignal: signal }) })
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
      yield (page.Contents ?? []).map(({ Key = "", ETag = "", Size = 0, LastModified = new Date(0) }) => ({
        key: Key,
        etag: bare(ETag),
        sizeBytes: Size,
        modifiedAt: LastModified,
      }))
    } catch (error) {
      throw objectProblem(error, bucket, "listing it")
    }
  } while (token !== undefined)
}

function bare(etag: string): string {
  return etag.replaceAll('"', "")
}
