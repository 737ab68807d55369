import type { Migration } from "../migrate.ts"

/** Random bytes that all processes on this database share, and that outlive them. */
export const secrets: Migration = {
  number: 11,
  name: "secrets",
  statements: [
    `create table millrace.secrets (
       name text primary key,
       value bytea not null
     )`,
  ],
}
