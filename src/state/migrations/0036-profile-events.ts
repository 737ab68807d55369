import type { Migration } from "../migrate.ts"

/** Event triggers and streams of customer profiles, and the events that are still to be sent. All of it goes with its domain. */
export const profileEvents: Migration = {
  number: 36,
  name: "profile events",
  statements: [
    `create table millrace.profile_event_triggers (
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      name text not null,
      object_type text not null,
      definition text not null,
      tags jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      primary key (domain, name)
    )`,
    `create table millrace.profile_event_streams (
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      name text not null,
      uri text not null,
      tags jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      primary key (domain, name)
    )`,
    // Where events go, and how it answered last. `paused_until`: nothing is sent before.
    `create table millrace.profile_event_destinations (
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      uri text not null,
      failures integer not null default 0,
      message text,
      unhealthy_since timestamptz,
      paused_until timestamptz,
      primary key (domain, uri)
    )`,
    // Sent in the order of their numbers to each destination for each profile. `origin`: the stream or trigger.
    `create table millrace.profile_outbox (
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      uri text not null,
      profile uuid not null,
      number bigint generated always as identity,
      origin text not null,
      event_id uuid not null,
      body text not null,
      refusals integer not null default 0,
      due_at timestamptz,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (domain, uri, number)
    )`,
    "create index profile_outbox_waiting on millrace.profile_outbox (domain, uri, profile) where due_at is not null",
    `create table millrace.profile_trigger_invocations (
      domain integer not null references millrace.profile_domains (number) on delete cascade,
      trigger text not null,
      profile uuid not null,
      fired_at timestamptz not null,
      number bigint generated always as identity,
      primary key (domain, trigger, profile, fired_at, number)
    )`,
    `alter table millrace.profile_identity_jobs add foreign key (domain)
      references millrace.profile_domains (number) on delete cascade`,
    `alter table millrace.profile_matches add foreign key (domain)
      references millrace.profile_domains (number) on delete cascade`,
  ],
}
