/**
 * The statements of StackQL's page about `awscc.customerprofiles.integrations`, with its templates.
 * (Source: stackql.io, provider awscc, generated pages of July 2026.)
 */
const returning = `RETURNING
ErrorCode,
EventTime,
Identifier,
Operation,
OperationStatus,
RequestToken,
ResourceModel,
RetryAfter,
StatusMessage,
TypeName
;`

export const returned = returning
  .split("\n")
  .map((line) => line.replace(",", ""))
  .filter((line) => /^[A-Z][a-z]/.test(line))

export const providerStatements = {
  select: `SELECT
region,
domain_name,
uri,
flow_definition,
object_type_name,
created_at,
last_updated_at,
tags,
object_type_names,
event_trigger_names
FROM awscc.customerprofiles.integrations
WHERE
region = '{{ region }}' AND
Identifier = '{{ domain_name }}|{{ uri }}';`,
  insert: `/*+ create */
INSERT INTO awscc.customerprofiles.integrations (
DomainName,
region
)
SELECT
'{{ domain_name }}',
'{{ region }}'
${returning}`,
  update: `/*+ update */
UPDATE awscc.customerprofiles.integrations
SET PatchDocument = string('{{ {
"FlowDefinition": flow_definition,
"ObjectTypeName": object_type_name,
"Tags": tags,
"ObjectTypeNames": object_type_names,
"EventTriggerNames": event_trigger_names
} | generate_patch_document }}')
WHERE
region = '{{ region }}' AND
Identifier = '{{ domain_name }}|{{ uri }}'
${returning}`,
  delete: `/*+ delete */
DELETE FROM awscc.customerprofiles.integrations
WHERE
Identifier = '{{ domain_name }}|{{ uri }}' AND
region = '{{ region }}'
${returning}`,
}

/** Properties of the page's template of UPDATE, and what stands for each. */
const patched = {
  FlowDefinition: "flow_definition",
  ObjectTypeName: "object_type_name",
  Tags: "tags",
  ObjectTypeNames: "object_type_names",
  EventTriggerNames: "event_trigger_names",
}

/** A statement with its templates filled, as stackql-deploy fills them: a property without a value is left out of a patch. */
export function filled(statement: string, values: Record<string, unknown>): string {
  return statement.replaceAll(/\{\{([\s\S]*?)\}\}/g, (_template, expression: string) =>
    expression.includes("generate_patch_document")
      ? patchDocument(values)
      : String(values[expression.trim()]),
  )
}

function patchDocument(values: Record<string, unknown>): string {
  const operations = Object.entries(patched)
    .filter(([, name]) => values[name] !== undefined)
    .map(([property, name]) => ({ op: "add", path: `/${property}`, value: values[name] }))
  return JSON.stringify(operations).replaceAll("'", "''")
}
