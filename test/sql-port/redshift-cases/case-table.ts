/**
 * What Redshift answers, as a table: `docs/sql/dialect.md` shows it, and `redshift-cases.test.ts` asks each row. The statements are our
 * own; the answers are what the named page of Amazon's reference says, or PostgreSQL's where it refers to none.
 */
export interface Topic {
  title: string
  /** A page of the Redshift Database Developer Guide, by its name there. */
  page: string
  /** Its statements need rights that users do not have; absent: they need none. */
  isAdministrators?: true
  cases: readonly Case[]
}

/**
 * A statement, or what stands behind SELECT, and its answer: values as text with `, ` between them, rows with ` ; `, NULL as `null`; or
 * `!` and the SQLSTATE of the error.
 */
export type Case = readonly [statement: string, answer: string]

export function statementOf([written]: Case): string {
  return /^(select|with|create|insert|update|delete|drop|set|show|values|call|unload|alter|merge|comment|prepare|execute|deallocate|lock|refresh|vacuum|analyze)\b/i.test(
    written,
  )
    ? written
    : `SELECT ${written}`
}

export function pageAddress(page: string): string {
  return `https://docs.aws.amazon.com/redshift/latest/dg/${page}.html`
}
