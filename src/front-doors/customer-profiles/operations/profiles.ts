import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  maxSize100Shape,
  messageShape,
  nameShape,
  requestValueListShape,
  string1To255Shape,
  tokenShape,
  uuidShape,
} from "./shapes.ts"

const additionalSearchKeyShape = {
  kind: "structure",
  members: { KeyName: nameShape, Values: requestValueListShape },
  required: ["KeyName", "Values"],
} as const

const additionalSearchKeysListShape = {
  kind: "list",
  itemName: "member",
  item: additionalSearchKeyShape,
  min: 1,
  max: 4,
} as const

const logicalOperatorShape = { kind: "string", values: ["AND", "OR"] } as const

const sensitiveString1To255Shape = { kind: "string", min: 1, max: 255 } as const

const sensitiveString1To1000Shape = { kind: "string", min: 1, max: 1000 } as const

const partyTypeShape = { kind: "string", values: ["INDIVIDUAL", "BUSINESS", "OTHER"] } as const

const genderShape = { kind: "string", values: ["MALE", "FEMALE", "UNSPECIFIED"] } as const

const addressShape = {
  kind: "structure",
  members: {
    Address1: string1To255Shape,
    Address2: string1To255Shape,
    Address3: string1To255Shape,
    Address4: string1To255Shape,
    City: string1To255Shape,
    County: string1To255Shape,
    State: string1To255Shape,
    Province: string1To255Shape,
    Country: string1To255Shape,
    PostalCode: string1To255Shape,
  },
} as const

const attributesShape = { kind: "map", key: string1To255Shape, value: string1To255Shape } as const

const foundByKeyValueShape = {
  kind: "structure",
  members: { KeyName: nameShape, Values: requestValueListShape },
} as const

const foundByListShape = {
  kind: "list",
  itemName: "member",
  item: foundByKeyValueShape,
  min: 1,
  max: 5,
} as const

const profileTypeShape = { kind: "string", values: ["ACCOUNT_PROFILE", "PROFILE"] } as const

const contactTypeShape = {
  kind: "string",
  values: [
    "PhoneNumber",
    "MobilePhoneNumber",
    "HomePhoneNumber",
    "BusinessPhoneNumber",
    "EmailAddress",
    "PersonalEmailAddress",
    "BusinessEmailAddress",
  ],
} as const

const contactPreferenceShape = {
  kind: "structure",
  members: {
    KeyName: nameShape,
    KeyValue: string1To255Shape,
    ProfileId: uuidShape,
    ContactType: contactTypeShape,
  },
} as const

const phonePreferenceListShape = { kind: "list", itemName: "member", item: contactPreferenceShape } as const

const emailPreferenceListShape = { kind: "list", itemName: "member", item: contactPreferenceShape } as const

const engagementPreferencesShape = {
  kind: "structure",
  members: { Phone: phonePreferenceListShape, Email: emailPreferenceListShape },
} as const

const profileShape = {
  kind: "structure",
  members: {
    ProfileId: uuidShape,
    AccountNumber: sensitiveString1To255Shape,
    AdditionalInformation: sensitiveString1To1000Shape,
    PartyType: partyTypeShape,
    BusinessName: sensitiveString1To255Shape,
    FirstName: sensitiveString1To255Shape,
    MiddleName: sensitiveString1To255Shape,
    LastName: sensitiveString1To255Shape,
    BirthDate: sensitiveString1To255Shape,
    Gender: genderShape,
    PhoneNumber: sensitiveString1To255Shape,
    MobilePhoneNumber: sensitiveString1To255Shape,
    HomePhoneNumber: sensitiveString1To255Shape,
    BusinessPhoneNumber: sensitiveString1To255Shape,
    EmailAddress: sensitiveString1To255Shape,
    PersonalEmailAddress: sensitiveString1To255Shape,
    BusinessEmailAddress: sensitiveString1To255Shape,
    Address: addressShape,
    ShippingAddress: addressShape,
    MailingAddress: addressShape,
    BillingAddress: addressShape,
    Attributes: attributesShape,
    FoundByItems: foundByListShape,
    PartyTypeString: sensitiveString1To255Shape,
    GenderString: sensitiveString1To255Shape,
    ProfileType: profileTypeShape,
    EngagementPreferences: engagementPreferencesShape,
  },
} as const

const profileListShape = { kind: "list", itemName: "member", item: profileShape } as const

const sensitiveString0To1000Shape = { kind: "string", min: 0, max: 1000 } as const

const sensitiveString0To255Shape = { kind: "string", min: 0, max: 255 } as const

const string0To255Shape = { kind: "string", min: 0, max: 255 } as const

const updateAddressShape = {
  kind: "structure",
  members: {
    Address1: string0To255Shape,
    Address2: string0To255Shape,
    Address3: string0To255Shape,
    Address4: string0To255Shape,
    City: string0To255Shape,
    County: string0To255Shape,
    State: string0To255Shape,
    Province: string0To255Shape,
    Country: string0To255Shape,
    PostalCode: string0To255Shape,
  },
} as const

const updateAttributesShape = { kind: "map", key: string1To255Shape, value: string0To255Shape } as const

const profileIdToBeMergedListShape = {
  kind: "list",
  itemName: "member",
  item: uuidShape,
  min: 1,
  max: 20,
} as const

const attributeSourceIdMapShape = { kind: "map", key: string1To255Shape, value: uuidShape } as const

const fieldSourceProfileIdsShape = {
  kind: "structure",
  members: {
    AccountNumber: uuidShape,
    AdditionalInformation: uuidShape,
    PartyType: uuidShape,
    BusinessName: uuidShape,
    FirstName: uuidShape,
    MiddleName: uuidShape,
    LastName: uuidShape,
    BirthDate: uuidShape,
    Gender: uuidShape,
    PhoneNumber: uuidShape,
    MobilePhoneNumber: uuidShape,
    HomePhoneNumber: uuidShape,
    BusinessPhoneNumber: uuidShape,
    EmailAddress: uuidShape,
    PersonalEmailAddress: uuidShape,
    BusinessEmailAddress: uuidShape,
    Address: uuidShape,
    ShippingAddress: uuidShape,
    MailingAddress: uuidShape,
    BillingAddress: uuidShape,
    Attributes: attributeSourceIdMapShape,
    ProfileType: uuidShape,
    EngagementPreferences: uuidShape,
  },
} as const

export const profilesOperations = {
  SearchProfiles: {
    method: "POST",
    uri: "/domains/{DomainName}/profiles/search",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: {
      kind: "structure",
      members: {
        NextToken: tokenShape,
        MaxResults: maxSize100Shape,
        DomainName: nameShape,
        KeyName: nameShape,
        Values: requestValueListShape,
        AdditionalSearchKeys: additionalSearchKeysListShape,
        LogicalOperator: logicalOperatorShape,
      },
      required: ["DomainName", "KeyName", "Values"],
    },
    output: { kind: "structure", members: { Items: profileListShape, NextToken: tokenShape } },
  },
  CreateProfile: {
    method: "POST",
    uri: "/domains/{DomainName}/profiles",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        AccountNumber: sensitiveString1To255Shape,
        AdditionalInformation: sensitiveString1To1000Shape,
        PartyType: partyTypeShape,
        BusinessName: sensitiveString1To255Shape,
        FirstName: sensitiveString1To255Shape,
        MiddleName: sensitiveString1To255Shape,
        LastName: sensitiveString1To255Shape,
        BirthDate: sensitiveString1To255Shape,
        Gender: genderShape,
        PhoneNumber: sensitiveString1To255Shape,
        MobilePhoneNumber: sensitiveString1To255Shape,
        HomePhoneNumber: sensitiveString1To255Shape,
        BusinessPhoneNumber: sensitiveString1To255Shape,
        EmailAddress: sensitiveString1To255Shape,
        PersonalEmailAddress: sensitiveString1To255Shape,
        BusinessEmailAddress: sensitiveString1To255Shape,
        Address: addressShape,
        ShippingAddress: addressShape,
        MailingAddress: addressShape,
        BillingAddress: addressShape,
        Attributes: attributesShape,
        PartyTypeString: sensitiveString1To255Shape,
        GenderString: sensitiveString1To255Shape,
        ProfileType: profileTypeShape,
        EngagementPreferences: engagementPreferencesShape,
      },
      required: ["DomainName"],
    },
    output: { kind: "structure", members: { ProfileId: uuidShape }, required: ["ProfileId"] },
  },
  UpdateProfile: {
    method: "PUT",
    uri: "/domains/{DomainName}/profiles",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        ProfileId: uuidShape,
        AdditionalInformation: sensitiveString0To1000Shape,
        AccountNumber: sensitiveString0To255Shape,
        PartyType: partyTypeShape,
        BusinessName: sensitiveString0To255Shape,
        FirstName: sensitiveString0To255Shape,
        MiddleName: sensitiveString0To255Shape,
        LastName: sensitiveString0To255Shape,
        BirthDate: sensitiveString0To255Shape,
        Gender: genderShape,
        PhoneNumber: sensitiveString0To255Shape,
        MobilePhoneNumber: sensitiveString0To255Shape,
        HomePhoneNumber: sensitiveString0To255Shape,
        BusinessPhoneNumber: sensitiveString0To255Shape,
        EmailAddress: sensitiveString0To255Shape,
        PersonalEmailAddress: sensitiveString0To255Shape,
        BusinessEmailAddress: sensitiveString0To255Shape,
        Address: updateAddressShape,
        ShippingAddress: updateAddressShape,
        MailingAddress: updateAddressShape,
        BillingAddress: updateAddressShape,
        Attributes: updateAttributesShape,
        PartyTypeString: sensitiveString0To255Shape,
        GenderString: sensitiveString0To255Shape,
        ProfileType: profileTypeShape,
        EngagementPreferences: engagementPreferencesShape,
      },
      required: ["DomainName", "ProfileId"],
    },
    output: { kind: "structure", members: { ProfileId: uuidShape }, required: ["ProfileId"] },
  },
  DeleteProfile: {
    method: "POST",
    uri: "/domains/{DomainName}/profiles/delete",
    input: {
      kind: "structure",
      members: { ProfileId: uuidShape, DomainName: nameShape },
      required: ["ProfileId", "DomainName"],
    },
    output: { kind: "structure", members: { Message: messageShape } },
  },
  MergeProfiles: {
    method: "POST",
    uri: "/domains/{DomainName}/profiles/objects/merge",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        MainProfileId: uuidShape,
        ProfileIdsToBeMerged: profileIdToBeMergedListShape,
        FieldSourceProfileIds: fieldSourceProfileIdsShape,
      },
      required: ["DomainName", "MainProfileId", "ProfileIdsToBeMerged"],
    },
    output: { kind: "structure", members: { Message: messageShape } },
  },
} as const satisfies RestOperations
