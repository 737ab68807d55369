import type { Migration } from "../migrate.ts"

/** What happened to integrations; it outlives them, and only the newest is kept. How far each receiver has been told. */
export const events: Migration = {
  number: 9,
  name: "events",
  statements: [
    `create table millrace.events (
      id bigint generated always as identity primary key,
      uid uuid not null,
      at timestamptz(3) not null,
      event_id text not null,
      severity text not null,
      category text not null,
      message text not null,
      integration_arn text not null,
      integration_name text not null,
      status text not null
    )`,
    `create table millrace.event_receivers (
      name text primary key,
      told bigint not null
    )`,
  ],
}
