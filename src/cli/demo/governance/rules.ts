/** A person of the demo, with the account of the SQL port that has the same name. */
export interface DemoPerson {
  name: string
  title: string
  currencies: readonly string[]
  groups: readonly string[]
}

export const demoPeople: readonly DemoPerson[] = [
  { name: "ada", title: "Ada, who sells for euros,", currencies: ["EUR"], groups: [] },
  {
    name: "bob",
    title: "Bob of the support, who sells everywhere,",
    currencies: ["EUR", "JPY", "USD"],
    groups: ["support"],
  },
]

/** What is asked as each of them, on the tables as they are called. */
export const governedQuestion = `SELECT o.currency, count(*) AS orders, sum(o.total) AS total, min(c.email) AS first_email
FROM orders o JOIN customers c ON c.id = o.customer_id
GROUP BY o.currency ORDER BY o.currency`

/** Body of `POST /api/v2/data`: every table of the integration, also those that come later. */
export const governedData = (integration: string) => ({ connectionKey: integration, integration })

/** Who may ask at all; without it nobody sees rows. */
export const everybodyMayAsk = {
  policyKey: "everybody-may-ask",
  type: "subscription",
  subscription: "anyone",
  circumstances: [{ type: "everything" }],
}

/** Bodies of `POST /api/v2/policy`, with what they say in words. */
export const demoPolicies = [
  {
    says: "orders are seen by those who sell for their currency",
    document: {
      policyKey: "own-currency",
      type: "data",
      circumstances: [{ type: "columnRegex", regex: "^currency$" }],
      rules: [{ kind: "rowFilter", match: { column: "currency", attribute: "currency" } }],
    },
  },
  {
    says: "e-mail addresses are hashed for all but the support",
    document: {
      policyKey: "hashed-emails",
      type: "data",
      circumstances: [{ type: "columnRegex", regex: "^email$" }],
      rules: [
        { kind: "mask", columns: [{ name: "email" }], mask: { type: "hash" }, unless: { group: "support" } },
      ],
    },
  },
] as const
