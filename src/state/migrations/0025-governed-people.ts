import type { Migration } from "../migrate.ts"

/**
 * People, groups and attributes of governance. `changed_in` is the version of `governance_version` that last changed what
 * policies know about the person, through whichever table.
 */
export const governedPeople: Migration = {
  number: 25,
  name: "governed people",
  statements: [
    `create table millrace.governance_version (
      only_one boolean primary key default true check (only_one),
      version bigint not null
    )`,
    `insert into millrace.governance_version (version) values (0)`,
    `create table millrace.governed_people (
      id integer generated always as identity primary key,
      iam_id text not null,
      user_id text not null,
      warehouse_user text not null,
      disabled boolean not null default false,
      permissions text[] not null default '{}',
      profile jsonb not null default '{}',
      current_project integer,
      scim jsonb,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      changed_in bigint not null,
      constraint governed_people_user unique (iam_id, user_id),
      constraint governed_people_warehouse_user unique (warehouse_user)
    )`,
    `create index governed_people_changed on millrace.governed_people (changed_in)`,
    `create table millrace.removed_people (
      id integer primary key,
      changed_in bigint not null
    )`,
    `create table millrace.governed_groups (
      id integer generated always as identity primary key,
      iam_id text not null,
      name text not null,
      gid text,
      email text,
      description text,
      scim jsonb,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint governed_groups_name unique (iam_id, name)
    )`,
    `create table millrace.group_members (
      id integer generated always as identity primary key,
      group_id integer not null references millrace.governed_groups on delete cascade,
      person_id integer not null references millrace.governed_people on delete cascade,
      created_at timestamptz(3) not null default now(),
      constraint group_members_once unique (group_id, person_id)
    )`,
    `create index group_members_person on millrace.group_members (person_id)`,
    `create table millrace.person_attributes (
      person_id integer not null references millrace.governed_people on delete cascade,
      name text not null,
      value text not null,
      primary key (person_id, name, value)
    )`,
    `create table millrace.group_attributes (
      group_id integer not null references millrace.governed_groups on delete cascade,
      name text not null,
      value text not null,
      primary key (group_id, name, value)
    )`,
  ],
}
