import type { Migration } from "../migrate.ts"

/** Secrets of policies are not kept in clear: what is there is sealed at the next start, what comes is derived by a key. */
export const governanceSecrets: Migration = {
  number: 38,
  name: "governance secrets",
  statements: [
    "alter table millrace.salts add column form text not null default 'plain' check (form in ('plain', 'sealed', 'derived'))",
    "alter table millrace.salts alter column form set default 'derived'",
    `create table millrace.governance_secret_key (
      only_row boolean primary key default true check (only_row),
      key_arn text not null,
      wrapped text not null
    )`,
  ],
}
