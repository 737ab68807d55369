import type { Migration } from "../migrate.ts"

/** Which profiles match: the keys of rule-based matching, the groups that were found, and the jobs of batch matching. */
export const profileIdentity: Migration = {
  number: 34,
  name: "profile identity",
  statements: [
    // One for each domain with rule-based matching. `matching` is of the rules that its keys were made by: new rules, a new number.
    `create table millrace.profile_matchings (
      domain integer primary key,
      matching integer generated always as identity unique,
      configuration text not null,
      status text not null check (status in ('IN_PROGRESS', 'ACTIVE')),
      scanned_to uuid,
      is_scanned boolean not null default false,
      history_read bigint not null,
      changed_at timestamptz not null default clock_timestamp()
    )`,
    `create table millrace.profile_match_keys (
      matching integer not null,
      key uuid not null,
      profile uuid not null,
      level smallint not null,
      primary key (matching, key, profile)
    )`,
    "create index profile_match_keys_profile on millrace.profile_match_keys (matching, profile)",
    // Keys that too many profiles have, and that were reported.
    `create table millrace.profile_common_keys (
      matching integer not null,
      key uuid not null,
      primary key (matching, key)
    )`,
    `create table millrace.profile_matches (
      domain integer not null,
      kind text not null check (kind in ('rule', 'batch')),
      profile uuid not null,
      match_id uuid not null,
      rule_level smallint,
      confidence real,
      found_at timestamptz not null default clock_timestamp(),
      primary key (domain, kind, profile)
    )`,
    "create index profile_matches_group on millrace.profile_matches (domain, kind, match_id)",
    `create table millrace.profile_identity_jobs (
      id uuid primary key,
      domain integer not null,
      status text not null check (status in
        ('PENDING', 'PREPROCESSING', 'FIND_MATCHING', 'MERGING', 'COMPLETED', 'PARTIAL_SUCCESS', 'FAILED')),
      message text,
      starts_at timestamptz not null,
      ended_at timestamptz,
      profiles_reviewed bigint not null default 0,
      matches_found bigint not null default 0,
      merges_done bigint not null default 0
    )`,
    "create index profile_identity_jobs_domain on millrace.profile_identity_jobs (domain, starts_at)",
    `create unique index profile_identity_jobs_open on millrace.profile_identity_jobs (domain)
      where status in ('PENDING', 'PREPROCESSING', 'FIND_MATCHING', 'MERGING')`,
  ],
}
