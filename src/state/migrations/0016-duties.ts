import type { Migration } from "../migrate.ts"

/** Work that one process does for all of an installation: which process has it, and until when. */
export const duties: Migration = {
  number: 16,
  name: "duties",
  statements: [
    `create table millrace.duties (
      name text primary key,
      owner text not null,
      host text not null,
      expires_at timestamptz not null
    )`,
  ],
}
