import type { Migration } from "../migrate.ts"

/** What callers asked of resources, and what became of it. JSON is kept as text: it may hold escapes that `jsonb` refuses. */
export const resourceRequests: Migration = {
  number: 30,
  name: "resource requests",
  statements: [
    `create table millrace.resource_requests (
      token text primary key default gen_random_uuid()::text,
      number bigint generated always as identity unique,
      operation text not null check (operation in ('CREATE', 'UPDATE', 'DELETE')),
      type_name text not null,
      identifier text,
      status text not null check (status in
        ('PENDING', 'IN_PROGRESS', 'SUCCESS', 'FAILED', 'CANCEL_IN_PROGRESS', 'CANCEL_COMPLETE')),
      stage text not null default 'recorded' check (stage in ('recorded', 'begun', 'made')),
      desired text,
      caller_name text not null,
      caller_role text not null,
      error_code text,
      status_message text,
      model text,
      client_token text,
      content text not null,
      requested_at timestamptz not null default clock_timestamp(),
      changed_at timestamptz not null default clock_timestamp(),
      due_at timestamptz not null default clock_timestamp(),
      taken_by text,
      taken_until timestamptz
    )`,
    // An identifier may be longer than an index takes.
    `create unique index resource_requests_one_open on millrace.resource_requests (type_name, md5(identifier))
      where status in ('PENDING', 'IN_PROGRESS', 'CANCEL_IN_PROGRESS')`,
    "create unique index resource_requests_client_token on millrace.resource_requests (client_token)",
    `create index resource_requests_due on millrace.resource_requests (due_at)
      where status in ('PENDING', 'IN_PROGRESS', 'CANCEL_IN_PROGRESS')`,
    "create index resource_requests_age on millrace.resource_requests (requested_at)",
  ],
}
