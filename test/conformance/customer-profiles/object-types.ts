import type { PutProfileObjectTypeCommandInput } from "@aws-sdk/client-customer-profiles"

/** Orders of a shop. */
export const order: Omit<PutProfileObjectTypeCommandInput, "DomainName"> = {
  ObjectTypeName: "order",
  Description: "orders of the shop",
  AllowProfileCreation: true,
  Fields: {
    id: { Source: "_source.id" },
    email: {
      Source: "_source.customer.email",
      Target: "_profile.EmailAddress",
      ContentType: "EMAIL_ADDRESS",
    },
    phone: { Source: "_source.customer.phone", Target: "_profile.PhoneNumber", ContentType: "PHONE_NUMBER" },
    name: { Source: "{{_source.customer.first}} {{_source.customer.last}}", Target: "_profile.FirstName" },
    city: { Source: "_source.city", Target: "_profile.Address.City" },
    tier: { Source: "_source.tier", Target: "_profile.Attributes.tier" },
  },
  Keys: {
    _orderId: [{ FieldNames: ["id"], StandardIdentifiers: ["UNIQUE"] }],
    _email: [{ FieldNames: ["email"], StandardIdentifiers: ["PROFILE"] }],
    _phone: [{ FieldNames: ["phone"], StandardIdentifiers: [] }],
  },
}

/** Changes of `order` that make it none. */
export const badTypes: [what: string, change: Partial<PutProfileObjectTypeCommandInput>][] = [
  ["without a UNIQUE key", { Keys: { k: [{ FieldNames: ["id"], StandardIdentifiers: ["PROFILE"] }] } }],
  [
    "with two UNIQUE keys",
    {
      Keys: {
        a: [{ FieldNames: ["id"], StandardIdentifiers: ["UNIQUE"] }],
        b: [{ FieldNames: ["email"], StandardIdentifiers: ["UNIQUE"] }],
      },
    },
  ],
  ["whose key names no field", { Keys: { k: [{ FieldNames: ["none"], StandardIdentifiers: ["UNIQUE"] }] } }],
  [
    "whose only PROFILE key is LOOKUP_ONLY",
    {
      Keys: {
        u: [{ FieldNames: ["id"], StandardIdentifiers: ["UNIQUE"] }],
        k: [{ FieldNames: ["email"], StandardIdentifiers: ["PROFILE", "LOOKUP_ONLY"] }],
      },
    },
  ],
  ["with a target that is none", { Fields: { id: { Source: "_source.id", Target: "_profile.Nothing" } } }],
  ["with a template that is none", { Fields: { id: { Source: "{{#if}}" } } }],
  ["of a template", { TemplateId: "CTR" }],
  ["with a reserved name", { ObjectTypeName: "_order" }],
]
