import { integrationName } from "../millrace.ts"
import { bucketName } from "../s3/bucket.ts"

const domain = "people"
const place = (region: string) => `region = '${region}'`

/** Of the resources that are made, in this order, and deleted in the other. */
export interface DemoResource {
  table: string
  /** As a `WHERE` names it. */
  identifier: string
  statement: string
}

const field = (Name: string, Source: string, Target: string, ContentType = "STRING") => ({
  Name,
  ObjectTypeField: { Source: `_source.${Source}`, Target: `_profile.${Target}`, ContentType },
})

const keys = (unique: string) =>
  JSON.stringify([
    {
      Name: `${unique}Key`,
      ObjectTypeKeyList: [{ FieldNames: [unique], StandardIdentifiers: ["UNIQUE"] }],
    },
    { Name: "_email", ObjectTypeKeyList: [{ FieldNames: ["email"], StandardIdentifiers: ["PROFILE"] }] },
  ])

const email = field("email", "email", "EmailAddress", "EMAIL_ADDRESS")
const customerFields = [
  field("id", "id", "AccountNumber"),
  field("name", "name", "FirstName"),
  field("tier", "tier", "Attributes.tier"),
  email,
]
const readerFields = [field("reader", "reader", "Attributes.reader"), email]

const wishes = {
  LogicalOperator: "ANY",
  EventTriggerDimensions: [
    { ObjectAttributes: [{ Source: "wants", ComparisonOperator: "EQUAL", Values: ["call"] }] },
  ],
}

/** What makes profiles: a domain, two kinds of records and where they come from, and a trigger that calls a webhook. */
export function demoResources(region: string, hookUrl: string): DemoResource[] {
  const customers = `warehouse://${integrationName}/public/customers`
  const readers = `s3://${bucketName}/readers/`
  const type = (name: string, fields: object, unique: string) =>
    resource(region, "object_types", `${domain}|${name}`, {
      ...{ DomainName: domain, ObjectTypeName: name, Description: `${name}s`, AllowProfileCreation: true },
      ...{ Fields: JSON.stringify(fields), Keys: keys(unique) },
    })
  const integration = (Uri: string, more: Record<string, string>) =>
    resource(region, "integrations", `${domain}|${Uri}`, { DomainName: domain, Uri, ...more })
  return [
    resource(region, "domains", domain, { DomainName: domain, DefaultExpirationDays: 366 }),
    type("customer", customerFields, "id"),
    type("reader", readerFields, "reader"),
    resource(region, "event_triggers", `${domain}|wishes`, {
      ...{ DomainName: domain, EventTriggerName: "wishes", ObjectTypeName: "reader" },
      EventTriggerConditions: JSON.stringify([wishes]),
    }),
    integration(hookUrl, { EventTriggerNames: JSON.stringify(["wishes"]) }),
    integration(customers, { ObjectTypeName: "customer" }),
    integration(readers, { ObjectTypeName: "reader" }),
  ]
}

function resource(
  region: string,
  table: string,
  identifier: string,
  values: Record<string, string | number | boolean>,
): DemoResource {
  const all = { ...values, region }
  const literals = Object.values(all).map((value) => (typeof value === "string" ? `'${value}'` : value))
  const statement = `INSERT /*+ AWAIT */ INTO awscc.customerprofiles.${table} (${Object.keys(all).join(", ")})
  VALUES (${literals.join(", ")})`
  return { table: `awscc.customerprofiles.${table}`, identifier, statement }
}

/** A new field of the readers' mapping. */
export function changedMapping(region: string): string {
  const fields = [...readerFields, field("issue", "issue", "Attributes.issue")]
  return `UPDATE /*+ AWAIT */ awscc.customerprofiles.object_types SET Fields = '${JSON.stringify(fields)}'
  WHERE Identifier = '${domain}|reader' AND ${place(region)}`
}

export function deletion({ table, identifier }: DemoResource, region: string): string {
  return `DELETE /*+ AWAIT */ FROM ${table} WHERE Identifier = '${identifier}' AND ${place(region)}`
}

/** Which e-mail addresses a file has; the second time with what a later mapping takes. */
export const readerFiles = {
  first: `reader,email,wants
r1,Customer1@Example.com,nothing
r2,CUSTOMER2@example.com,call
r3,nobody@example.com,nothing
,customer4@example.com,nothing
`,
  second: `reader,email,issue
r1,Customer1@Example.com,June
`,
}

export const howManyProfiles = `SELECT count(*) FROM customer_profiles.profiles WHERE domain_name = '${domain}'`
export const howManyCustomers = "SELECT count(DISTINCT lower(email)) FROM customers"
export const refusedRecords = `SELECT reason, message, object FROM customer_profiles.dead_letters WHERE domain_name = '${domain}'`

/** Readers that the file and the shop both know, with what they have ordered. */
export const profilesQuestion = `SELECT lower(p.email_address) AS email, p.first_name, p.fields ->> '$."Attributes.reader"' AS reader,
       p.fields ->> '$."Attributes.issue"' AS issue, count(*) AS orders
FROM customer_profiles.profiles p JOIN orders o ON p.account_number = o.customer_id::varchar
WHERE p.domain_name = '${domain}' AND (p.fields ->> '$."Attributes.reader"') IS NOT NULL
GROUP BY 1, 2, 3, 4 ORDER BY 1`
