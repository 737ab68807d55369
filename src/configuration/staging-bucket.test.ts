import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, it } from "node:test"
import { engines } from "../server/registries.ts"
import { loadConfiguration } from "./load.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace staging "))
after(() => rmSync(folder, { recursive: true }))

function load(text: string) {
  const path = join(folder, "millrace.yaml")
  writeFileSync(path, text)
  return loadConfiguration(path, {}, engines)
}

function mistakes(text: string): string[] {
  const loaded = load(text)
  return "mistakes" in loaded ? loaded.mistakes : assert.fail("no mistake found")
}

it("a warehouse that loads from a bucket says by what right, and repeats no key", () => {
  const arn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
  const entry = (staging: string) =>
    `sources: []\nwarehouses: [{ arn: "${arn}", engine: redshift, url: "postgres://u:p@h/dev", staging: ${staging} }]`
  assert.deepEqual(mistakes(entry('{ bucket: "s3://b-1/f" }')), [
    "warehouses[0].staging: must say by what right COPY reads the bucket: iam_role, or access_key_id and secret_access_key",
  ])
  assert.deepEqual(
    mistakes(entry('{ bucket: "s3://b-1", access_key_id: A, secret_access_key: "s3cret\'" }')),
    ["warehouses[0].staging.secret_access_key: has characters that no key of the cloud has"],
  )
  assert.deepEqual(mistakes(entry('{ bucket: "b-1", iam_role: "arn:aws:iam::123456789012:role/r" }')), [
    "warehouses[0].staging.bucket: must be like s3://bucket or s3://bucket/folder",
  ])
  const role = '{ bucket: "s3://b-1", iam_role: "arn:aws:iam::123456789012:role/r" }'
  assert.ok("ok" in load(entry(`${role}, sign_in: { kind: serverless, workgroup: main }`)))
  const loaded = load(entry('{ bucket: "s3://b-1/f/", iam_role: "arn:aws:iam::123456789012:role/r" }'))
  assert.ok("ok" in loaded)
})

it("a sign-in by Okta names its user, its application and its role, and repeats no password", () => {
  const arn = "arn:aws:redshift:us-east-1:123456789012:namespace:00000000-0000-0000-0000-000000000001"
  const bucket = '{ bucket: "s3://b-1", iam_role: "arn:aws:iam::123456789012:role/r" }'
  const entry = (more: string) =>
    `sources: []\nwarehouses: [{ arn: "${arn}", engine: redshift, url: "postgres://h/dev", staging: ${bucket}, sign_in: { kind: okta, username: u, password: s3cret, app_id: "0oa1", ${more} } }]`
  const rest = "idp_host: organization.okta.com, role: arn:aws:iam::123456789012:role/r"
  for (const whose of ["cluster: reports", "cluster: reports, user: loader", "workgroup: main"])
    assert.ok("ok" in load(entry(`${rest}, ${whose}`)), whose)
  assert.deepEqual(mistakes(entry(rest)), [
    "warehouses[0].sign_in: must have either cluster or workgroup: whose password the role's keys ask for",
  ])
  assert.deepEqual(mistakes(entry(`${rest}, workgroup: main, user: loader`)), [
    "warehouses[0].sign_in: must not have user beside workgroup: the user follows from the role",
  ])
  assert.deepEqual(
    mistakes(
      entry(
        'cluster: reports, idp_host: "https://organization.okta.com", role: loader, sts_endpoint: "http://h"',
      ),
    ),
    [
      "warehouses[0].sign_in.idp_host: must be a bare host like organization.okta.com",
      "warehouses[0].sign_in.role: must be a role's ARN",
      "warehouses[0].sign_in.sts_endpoint: must be https://host:port: the answer holds keys",
    ],
  )
})
