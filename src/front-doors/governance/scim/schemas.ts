/** What a directory may tell of people and groups: the attributes that are kept. (Fact: RFC 7643, sections 4, 7 and 8.) */

interface Attribute {
  name: string
  type: "string" | "boolean" | "complex" | "reference"
  multiValued: boolean
  required: boolean
  caseExact: boolean
  mutability: "readWrite" | "readOnly"
  returned: "default"
  uniqueness: "none" | "server"
  subAttributes?: Attribute[]
}

function attribute(name: string, more: Partial<Attribute> = {}): Attribute {
  return {
    ...{ name, type: "string", multiValued: false, required: false, caseExact: false },
    ...{ mutability: "readWrite", returned: "default", uniqueness: "none" },
    ...more,
  }
}

const of = (...names: string[]): Attribute[] => names.map((name) => attribute(name))
const boolean = { type: "boolean" } as const

export const userSchema = "urn:ietf:params:scim:schemas:core:2.0:User"
export const groupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group"
export const enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

const definitions: Record<string, { name: string; attributes: Attribute[] }> = {
  [userSchema]: {
    name: "User",
    attributes: [
      attribute("userName", { required: true, uniqueness: "server" }),
      attribute("externalId", { caseExact: true }),
      attribute("name", { type: "complex", subAttributes: of("formatted", "givenName", "familyName") }),
      ...of("displayName", "title", "userType", "locale"),
      attribute("emails", {
        type: "complex",
        multiValued: true,
        subAttributes: [...of("value", "type"), attribute("primary", boolean)],
      }),
      attribute("active", boolean),
    ],
  },
  [groupSchema]: {
    name: "Group",
    attributes: [
      attribute("displayName", { required: true, uniqueness: "server" }),
      attribute("externalId", { caseExact: true }),
      attribute("members", {
        type: "complex",
        multiValued: true,
        subAttributes: [attribute("value", { caseExact: true })],
      }),
    ],
  },
  [enterpriseSchema]: {
    name: "EnterpriseUser",
    attributes: of("department", "division", "costCenter", "organization", "employeeNumber"),
  },
}

export function scimSchemas(): { id: string }[] {
  return Object.entries(definitions).map(([id, { name, attributes }]) => ({
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    id,
    name,
    attributes,
    meta: { resourceType: "Schema", location: `/scim/v2/Schemas/${id}` },
  }))
}

export function resourceTypes(): { id: string }[] {
  return ["User", "Group"].map((name) => ({
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema: name === "User" ? userSchema : groupSchema,
    schemaExtensions: name === "User" ? [{ schema: enterpriseSchema, required: false }] : [],
    meta: { resourceType: "ResourceType", location: `/scim/v2/ResourceTypes/${name}` },
  }))
}
