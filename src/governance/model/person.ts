/** What policies know about a person. Names are compared exactly. */
export interface PersonFacts {
  /** Names of the groups that the person is in. */
  groups: ReadonlySet<string>
  /** Values by name of attribute: the person's own and those of the groups. */
  attributes: ReadonlyMap<string, ReadonlySet<string>>
  /** Purposes acknowledged in the person's current project, with all their parents' names as `Parent.Child`. */
  purposes: ReadonlySet<string>
  /** Sources of the current project: its purposes hold on these only. Absent: in no project. */
  projectSources?: ReadonlySet<number>
  /** Sources whose rows the person may ask for: `GovernedSource.id`. */
  subscriptions: ReadonlySet<number>
}

/** A person, and the account by which warehouses know the person. */
export interface Person extends PersonFacts {
  id: number
  /** The directory that the person comes from; `bim`: made here. */
  iamId: string
  /** Unique in the directory. */
  userId: string
  /** The account in every warehouse, in lower case. */
  warehouseUser: string
  isDisabled: boolean
}

/** The person as policies of this source know the person: without purposes where the current project does not have the source. */
export function onSource(person: Person, sourceId: number): Person {
  const isElsewhere = person.projectSources?.has(sourceId) === false
  return isElsewhere && person.purposes.size > 0 ? { ...person, purposes: new Set() } : person
}
