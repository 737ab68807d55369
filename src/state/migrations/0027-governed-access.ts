import type { Migration } from "../migrate.ts"

/** Purposes, projects, who may see what, and the policies. A subscription is of a person or of a group, never of both. */
export const governedAccess: Migration = {
  number: 27,
  name: "governed access",
  statements: [
    `create table millrace.purposes (
      id integer generated always as identity primary key,
      name text not null,
      acknowledgement text,
      description text,
      display_acknowledgement boolean not null default true,
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint purposes_name unique (name)
    )`,
    `create table millrace.projects (
      id integer generated always as identity primary key,
      project_key text not null,
      name text not null,
      is_open boolean not null default true,
      description text,
      documentation text,
      tags text[] not null default '{}',
      allow_masked_joins boolean not null default false,
      subscription_policy jsonb,
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint projects_key unique (project_key),
      constraint projects_name unique (name)
    )`,
    `alter table millrace.governed_people add constraint governed_people_project
      foreign key (current_project) references millrace.projects on delete set null`,
    `create table millrace.project_purposes (
      project_id integer not null references millrace.projects on delete cascade,
      purpose_id integer not null references millrace.purposes on delete cascade,
      primary key (project_id, purpose_id)
    )`,
    `create table millrace.project_sources (
      project_id integer not null references millrace.projects on delete cascade,
      source_id integer not null references millrace.governed_sources on delete cascade,
      added_by text not null,
      added_at timestamptz(3) not null default now(),
      primary key (project_id, source_id)
    )`,
    `create table millrace.acknowledgements (
      project_id integer not null references millrace.projects on delete cascade,
      person_id integer not null references millrace.governed_people on delete cascade,
      purpose_id integer not null references millrace.purposes on delete cascade,
      acknowledged_at timestamptz(3) not null default now(),
      primary key (project_id, person_id, purpose_id)
    )`,
    `create table millrace.subscriptions (
      id integer generated always as identity primary key,
      source_id integer references millrace.governed_sources on delete cascade,
      project_id integer references millrace.projects on delete cascade,
      person_id integer references millrace.governed_people on delete cascade,
      group_id integer references millrace.governed_groups on delete cascade,
      state text not null,
      required jsonb not null default '[]',
      expires_at timestamptz(3),
      denial_reason text,
      metadata jsonb,
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint subscriptions_model check (num_nonnulls(source_id, project_id) = 1),
      constraint subscriptions_member check (num_nonnulls(person_id, group_id) = 1)
    )`,
    `create unique index subscriptions_once on millrace.subscriptions
      (coalesce(source_id, 0), coalesce(project_id, 0), coalesce(person_id, 0), coalesce(group_id, 0))`,
    `create index subscriptions_expiry on millrace.subscriptions (expires_at) where expires_at is not null`,
    `create table millrace.subscription_approvals (
      subscription_id integer not null references millrace.subscriptions on delete cascade,
      required integer not null,
      approved_by text not null,
      approved_at timestamptz(3) not null default now(),
      primary key (subscription_id, required)
    )`,
    `create table millrace.governance_policies (
      id integer generated always as identity primary key,
      policy_key text not null,
      name text not null,
      kind text not null,
      form text not null,
      document jsonb not null,
      staged boolean not null,
      certified_at timestamptz(3),
      created_by text not null,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint governance_policies_key unique (policy_key),
      constraint governance_policies_name unique (name)
    )`,
  ],
}
