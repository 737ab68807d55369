import type { Migration } from "../migrate.ts"

/** Databases that people have made by CREATE DATABASE and may write, beside the warehouse's own. */
export const ownDatabases: Migration = {
  number: 31,
  name: "own databases",
  statements: [
    `create table millrace.own_databases (
       target_arn text not null,
       name text not null,
       owner text not null,
       created_at timestamptz(3) not null default clock_timestamp(),
       primary key (target_arn, name)
     )`,
    "create unique index own_databases_name on millrace.own_databases (target_arn, lower(name))",
  ],
}
