import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { promisify } from "node:util"
import { skip } from "../../conformance/aws-command.ts"
import { s3Keys } from "../../support/s3/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { accessKeyId, region, secretAccessKey, sqlPassword, targetArn } from "../place.ts"
import { bucketArn, copyPlace, role } from "./place.ts"

const run = promisify(execFile)

test("as people do it: aws s3 cp, aws redshift create-integration, psql", { skip }, async (context) => {
  const { place, bucket } = await copyPlace(context, "200ms")
  await place.start()
  const aws = (keys: typeof s3Keys, endpoint: string, ...parameters: string[]) =>
    run("aws", ["--endpoint-url", endpoint, "--region", region, "--output", "json", ...parameters], {
      env: {
        PATH: process.env.PATH,
        HOME: place.folder,
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
        // The test's server knows no newer checksums.
        AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
      },
      timeout: 60_000,
    })
  const psql = async (...statements: string[]) => {
    const commands = statements.flatMap((statement) => ["-c", statement])
    const url = `postgres://admin@127.0.0.1:${place.sqlPort}/dev`
    const { stdout } = await run("psql", [url, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...commands], {
      env: { PATH: process.env.PATH, PGPASSWORD: sqlPassword },
      timeout: 60_000,
    })
    return stdout.trim()
  }
  const millrace = { accessKeyId, secretAccessKey }
  const { stdout } = await aws(
    millrace,
    `http://127.0.0.1:${place.httpPort}`,
    ...["redshift", "create-integration", "--integration-name", "landing"],
    ...["--source-arn", bucketArn, "--target-arn", targetArn],
  )
  assert.equal(JSON.parse(stdout).SourceArn, bucketArn)
  await psql(
    "CREATE TABLE sales (id INTEGER, day DATE, amount DECIMAL(8,2))",
    `COPY sales FROM 's3://landing/in/' ${role} CSV IGNOREHEADER 1 JOB CREATE load_sales`,
  )
  const file = join(place.folder, "sales.csv")
  await writeFile(file, "id,day,amount\n1,2024-01-02,3.50\n2,2024-01-03,4\n")
  await aws(s3Keys, bucket.endpoint, "s3", "cp", file, "s3://landing/in/sales.csv")
  const loaded = () => psql("SELECT count(*), sum(amount), max(day) FROM sales")
  await waitUntil(async () => (await loaded()) === "2|7.50|2024-01-03", { what: "the rows" })
  assert.match(await psql(`COPY sales FROM 's3://landing/in/sales.csv' ${role} CSV IGNOREHEADER 1`), /COPY 2/)
  assert.equal(await psql("SELECT file_name, trim(status) FROM sys_copy_job_detail"), "in/sales.csv|I")
})
