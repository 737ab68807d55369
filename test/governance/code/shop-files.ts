/** A small folder of files that govern one table. */
export const people = `# who there is
people:
  - {userid: ada, name: Ada, attributes: {region: [north, south]}}
  - {userid: bob, account: B.Bobson, permissions: [GOVERNANCE]}
groups:
  - {name: hr, members: [ada], attributes: {clearance: high}}
`
export const data = `
tags: [PII, PII.SSN]
purposes: [{name: Audit}, {name: Audit.Tax, acknowledgement: I agree.}]
data:
  - connectionKey: own
    database: dev
    tables: [{schema: main, table: people}]
tagging:
  - {source: dev.main.people, tags: [HR], columns: {ssn: [PII.SSN]}}
projects:
  - {key: tax, name: Tax, purposes: [Audit.Tax], dataSources: [dev.main.people]}
`
export const policy = (mask: string) => `policies:
  - {policyKey: who, type: subscription, subscription: anyone, circumstances: [{type: everything}]}
  - policyKey: pii
    type: data
    circumstances: [{type: tags, tag: HR}]
    rules:
      - {kind: mask, columns: [{tag: PII}], mask: {type: ${mask}}, unless: {group: hr}}
`
