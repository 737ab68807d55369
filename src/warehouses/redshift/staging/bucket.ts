import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3"
import { Problem } from "../../../domain/problems.ts"
import { plainMessage } from "../../../replication/plain-message.ts"

/** Where staged rows lie between here and the warehouse. */
export interface StagingConfiguration {
  bucket: string
  /** What the names of all objects begin with; without slashes at its ends. Empty: nothing. */
  prefix: string
  region: string
  /** Absent: the cloud's own. */
  endpoint?: string
  /** Absent: those of the environment. */
  accessKeyId?: string
  secretAccessKey?: string
  sessionToken?: string
  /** Names the key under which the bucket's service encrypts the objects; absent: the bucket's own default. */
  kmsKeyId?: string
}

/** The bucket, as far as staging needs it. Throws Problem `warehouseUnavailable`. */
export interface StagingBucket {
  put(key: string, body: Buffer): Promise<void>
  remove(keys: readonly string[]): Promise<void>
  /** Removes objects whose keys begin so and that `isLeftOver` takes for that; so many are looked at, in the order of their keys. */
  clear(prefix: string, options: ClearOptions): Promise<void>
  urlOf(key: string): string
  close(): void
}

export interface ClearOptions {
  isLeftOver(key: string): boolean
  atMost: number
}

const connectTimeoutMs = 10_000
const answerTimeoutMs = 120_000
/** Of one DeleteObjects, and of one page of ListObjectsV2. (Source: S3's API reference.) */
const mostRemoved = 1_000

export function openStagingBucket(configuration: StagingConfiguration): StagingBucket {
  const client = new S3Client(clientConfig(configuration))
  const { bucket: Bucket, kmsKeyId } = configuration
  const encryption =
    kmsKeyId === undefined ? {} : { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: kmsKeyId }
  const remove = async (keys: readonly string[]) => {
    for (let from = 0; from < keys.length; from += mostRemoved) {
      const Objects = keys.slice(from, from + mostRemoved).map((Key) => ({ Key }))
      await orUnavailable("removing staged rows", () =>
        client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
      )
    }
  }
  return {
    async put(Key, Body) {
      await orUnavailable("staging rows", () =>
        client.send(new PutObjectCommand({ Bucket, Key, Body, ...encryption })),
      )
    },
    remove,
    async clear(Prefix, { isLeftOver, atMost }) {
      let token: string | undefined
      let looked = 0
      do {
        const page = await orUnavailable("listing staged rows", () =>
          client.send(
            new ListObjectsV2Command({
              Bucket,
              Prefix,
              MaxKeys: Math.min(mostRemoved, atMost - looked),
              ...(token !== undefined && { ContinuationToken: token }),
            }),
          ),
        )
        const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]))
        await remove(keys.filter(isLeftOver))
        looked += keys.length
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined
      } while (token !== undefined && looked < atMost)
    },
    urlOf: (key) => `s3://${Bucket}/${key}`,
    close: () => client.destroy(),
  }
}

function clientConfig({
  endpoint,
  region,
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: StagingConfiguration): S3ClientConfig {
  const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined
  return {
    region,
    // Named hosts for buckets exist at the cloud only.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(hasKeys && { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }),
    requestHandler: { connectionTimeout: connectTimeoutMs, requestTimeout: answerTimeoutMs },
    // Servers that speak S3 without the newest checksums keep them as a part of the object.
    requestChecksumCalculation: "WHEN_REQUIRED",
    maxAttempts: 3,
  }
}

async function orUnavailable<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Problem(
      "warehouseUnavailable",
      `The staging bucket failed (while ${doing}): ${plainMessage(error)}.`,
      { cause: error },
    )
  }
}
